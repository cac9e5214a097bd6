using Messaging.Accounts;
using Messaging.Http;

namespace Messaging.Scheduling;

/// <summary>A row of <c>scheduled_messages</c> with its author's name.</summary>
internal sealed class ScheduledRow
{
    internal const string Select =
        """
        SELECT s.id, s.queue_key, s.channel_id, s.author_id, u.name AS author_name, s.text, s.client_id, s.due_at, s.state, s.reason
        FROM scheduled_messages s JOIN users u ON u.id = s.author_id
        """;

    public long Id { get; set; }

    public string QueueKey { get; set; } = string.Empty;

    public long ChannelId { get; set; }

    public long AuthorId { get; set; }

    public string AuthorName { get; set; } = string.Empty;

    public string Text { get; set; } = string.Empty;

    public string? ClientId { get; set; }

    public long DueAt { get; set; }

    public string State { get; set; } = string.Empty;

    public string? Reason { get; set; }

    // The author acts without a session: the message is sent after the sign-out too.
    internal Caller Author => new(AuthorId, AuthorName, SessionId: 0, ExpiresAt: 0);

    internal ScheduledShape ToShape() =>
        new(Ids.Format(Id), Ids.Format(ChannelId), Text, Times.FromStore(DueAt), State, Reason);
}
