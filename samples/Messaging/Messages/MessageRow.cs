using Messaging.Accounts;
using Messaging.Http;

namespace Messaging.Messages;

/// <summary>A row of <c>messages</c> with its author's name.</summary>
internal class MessageRow
{
    internal const string Select =
        """
        SELECT m.id, m.channel_id, m.sequence, m.author_id, u.name AS author_name, m.text, m.client_id, m.sent_at, m.edited_at
        FROM messages m JOIN users u ON u.id = m.author_id
        """;

    public long Id { get; set; }

    public long ChannelId { get; set; }

    public long Sequence { get; set; }

    public long AuthorId { get; set; }

    public string AuthorName { get; set; } = string.Empty;

    public string Text { get; set; } = string.Empty;

    public string? ClientId { get; set; }

    public long SentAt { get; set; }

    public long? EditedAt { get; set; }

    internal MessageShape ToShape() => new(
        Ids.Format(Id), Ids.Format(ChannelId), Sequence, new UserShape(Ids.Format(AuthorId), AuthorName), Text,
        Times.FromStore(SentAt), Times.FromStore(EditedAt), ClientId);
}
