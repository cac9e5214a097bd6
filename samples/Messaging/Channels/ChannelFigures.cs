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
            async scope => (await scope.QueryAsync<Row>(Select(ids, scope.Dialect.Kind))).ToDictionary(static row => row.ChannelId, static row => row.ToFigures()),
            cancellationToken);
    }

    private static Sql Select(IReadOnlyList<long> ids, SqlDialect dialect) => Sql.Of(
        $"""
        SELECT c.id AS channel_id, c.name, c.private, (SELECT COUNT(*) FROM members o WHERE o.channel_id = c.id) AS members,
            m.id, m.sequence, m.author_id, u.name AS author_name, m.text, m.client_id, m.sent_at, m.edited_at
        FROM channels c
        LEFT JOIN messages m ON m.channel_id = c.id
            AND m.sequence = (SELECT x.sequence FROM messages x WHERE x.channel_id = c.id AND x.deleted_at IS NULL ORDER BY x.sequence DESC LIMIT 1)
        LEFT JOIN users u ON u.id = m.author_id
        WHERE c.id {Sql.AnyOf(ids, dialect)}
        """);

    /// <summary>A channel with its last message; without one, the message's id is 0, which is never given.</summary>
    private sealed class Row : MessageRow
    {
        public string Name { get; set; } = string.Empty;

        public long Private { get; set; }

        public long Members { get; set; }

        internal ChannelFigures ToFigures() => new(ChannelId, Name, Private != 0, Members, Id > 0 ? ToShape() : null);
    }
}
