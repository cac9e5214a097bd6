using System.ComponentModel;
using Messaging.Database;
using Messaging.Http;
using Messaging.Messages;
using Resilience.Data;

namespace Messaging.Channels;

/// <summary>What is the same for all who see a channel. Kept in the cache; every plan of <see cref="ChannelPlans"/> makes it invalid with its commit.</summary>
[ImmutableObject(true)]
internal sealed record ChannelFigures(long Id, string Name, bool Private, long Members, MessageShape? LastMessage)
{
    internal const string Loader = "channel-figures";

    private static readonly QueryBudget OneStatement = new() { MaxQueries = 1 };

    internal static string Key(long channelId) => $"channel:{Ids.Format(channelId)}";

    /// <summary>Loads any number of channels in one statement, which its own scope watches.</summary>
    internal static async Task<IReadOnlyDictionary<long, ChannelFigures>> LoadAsync(
        BatchContext context, IReadOnlyList<long> ids, CancellationToken cancellationToken)
    {
        using var watch = context.Services.GetRequiredService<QueryMonitor>().BeginScope(Loader, OneStatement);
        return await context.Services.GetRequiredService<Db>().ReadAsync<IReadOnlyDictionary<long, ChannelFigures>>(
            async scope => (await scope.QueryAsync<Row>(Select(ids, scope.Dialect.Kind))).ToDictionary(static row => row.Id, static row => row.ToFigures()),
            cancellationToken);
    }

    private static Sql Select(IReadOnlyList<long> ids, SqlDialect dialect) => Sql.Of(
        $"""
        SELECT c.id, c.name, c.private, (SELECT COUNT(*) FROM members o WHERE o.channel_id = c.id) AS members,
            m.id AS message_id, m.sequence, m.author_id, u.name AS author_name, m.text, m.client_id, m.sent_at, m.edited_at
        FROM channels c
        LEFT JOIN messages m ON m.channel_id = c.id
            AND m.sequence = (SELECT x.sequence FROM messages x WHERE x.channel_id = c.id AND x.deleted_at IS NULL ORDER BY x.sequence DESC LIMIT 1)
        LEFT JOIN users u ON u.id = m.author_id
        WHERE c.id {Sql.AnyOf(ids, dialect)}
        """);

    private sealed class Row
    {
        public long Id { get; set; }

        public string Name { get; set; } = string.Empty;

        public long Private { get; set; }

        public long Members { get; set; }

        public long? MessageId { get; set; }

        public long Sequence { get; set; }

        public long AuthorId { get; set; }

        public string AuthorName { get; set; } = string.Empty;

        public string Text { get; set; } = string.Empty;

        public string? ClientId { get; set; }

        public long SentAt { get; set; }

        public long? EditedAt { get; set; }

        internal ChannelFigures ToFigures() => new(Id, Name, Private != 0, Members, MessageId is { } messageId ? ToMessage(messageId) : null);

        private MessageShape ToMessage(long messageId) => new MessageRow
        {
            Id = messageId,
            ChannelId = Id,
            Sequence = Sequence,
            AuthorId = AuthorId,
            AuthorName = AuthorName,
            Text = Text,
            ClientId = ClientId,
            SentAt = SentAt,
            EditedAt = EditedAt,
        }.ToShape();
    }
}
