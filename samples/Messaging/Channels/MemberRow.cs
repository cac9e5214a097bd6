using Messaging.Accounts;
using Messaging.Http;

namespace Messaging.Channels;

/// <summary>A row of the member list.</summary>
internal sealed class MemberRow
{
    internal const string Select =
        """
        SELECT m.user_id, u.name AS user_name, m.role, m.joined_at FROM members m JOIN users u ON u.id = m.user_id
        WHERE m.channel_id = @channelId AND m.user_id > @After ORDER BY m.user_id LIMIT @take
        """;

    public long UserId { get; set; }

    public string UserName { get; set; } = string.Empty;

    public string Role { get; set; } = string.Empty;

    public long JoinedAt { get; set; }

    internal MemberShape ToShape() => new(new UserShape(Ids.Format(UserId), UserName), Role, Times.FromStore(JoinedAt));
}
