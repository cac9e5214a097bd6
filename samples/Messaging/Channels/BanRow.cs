using Messaging.Accounts;
using Messaging.Http;

namespace Messaging.Channels;

/// <summary>A row of the list of bans.</summary>
internal sealed class BanRow
{
    internal const string Select =
        """
        SELECT b.user_id, u.name AS user_name, b.banned_at FROM bans b JOIN users u ON u.id = b.user_id
        WHERE b.channel_id = @channelId AND b.user_id > @After ORDER BY b.user_id LIMIT @take
        """;

    public long UserId { get; set; }

    public string UserName { get; set; } = string.Empty;

    public long BannedAt { get; set; }

    internal BanShape ToShape() => new(new UserShape(Ids.Format(UserId), UserName), Times.FromStore(BannedAt));
}
