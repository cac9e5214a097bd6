using Dapper;
using Messaging.Database;

namespace Messaging.Realtime;

/// <summary>
/// Publishes what was committed, oldest first, and removes it afterwards. A crash in between publishes again with the same deduplication id. A failure
/// stops at the row that failed, so that nothing overtakes it, and is tried again. One node at a time relays, so the order holds over all nodes.
/// </summary>
internal sealed partial class OutboxRelay(
    Db database, OutboxSignal signal, IEventPublisher publisher, TimeProvider time, ILogger<OutboxRelay> logger) : BackgroundService
{
    private const int BatchSize = 256;

    // Rows of a node that died are found by the look that no signal announced.
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private bool _failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (await TryRelayAsync(stoppingToken) < BatchSize)
            {
                await WaitAsync(stoppingToken);
            }
        }
    }

    /// <summary>Relays one batch; answers how many rows left the outbox.</summary>
    private async Task<int> TryRelayAsync(CancellationToken cancellationToken)
    {
        try
        {
            var count = await database.ExclusiveAsync(NodeLock.Outbox, () => RelayBatchAsync(cancellationToken), cancellationToken);
            Recovered();
            return count;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops. The rows stay, and the next start publishes them.
        }
        catch (Exception error)
        {
            Failed(error);
        }

        return 0;
    }

    /// <summary>Publishes in order, up to the first failure; what was published before it leaves the outbox all the same.</summary>
    private async Task<int> RelayBatchAsync(CancellationToken cancellationToken)
    {
        var published = new List<long>(BatchSize);
        try
        {
            foreach (var row in await ReadAsync(cancellationToken))
            {
                await PublishAsync(row, cancellationToken);
                published.Add(row.Id);
            }
        }
        finally
        {
            await RemoveAsync(published);
        }

        return published.Count;
    }

    private async Task PublishAsync(OutboxEvent row, CancellationToken cancellationToken)
    {
        try
        {
            await publisher.PublishAsync(row, cancellationToken);
        }
        catch (ArgumentException error)
        {
            // It can never be published. Keeping it would hold up everything behind it; readers find the hole in the sequence and fetch.
            Refused(logger, error, row.Id, row.EventType);
        }
    }

    private Task<List<OutboxEvent>> ReadAsync(CancellationToken cancellationToken) => database.ReadAsync(
        static async scope => (await scope.QueryAsync<OutboxEvent>(
            "SELECT id, topic, event_type, data FROM outbox ORDER BY id LIMIT @BatchSize", new { BatchSize })).AsList(),
        cancellationToken);

    private async Task RemoveAsync(List<long> ids)
    {
        if (ids.Count > 0)
        {
            await database.WriteInBackgroundAsync(
                scope => scope.ExecuteAsync("DELETE FROM outbox WHERE " + scope.Dialect.IsOneOf("id", "@ids"), new { ids = ids.ToArray() }),
                CancellationToken.None);
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var poll = new CancellationTokenSource(PollInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(poll.Token, stoppingToken);
        try
        {
            await signal.WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // Time for a look, or for the end.
        }
    }

    private void Failed(Exception error)
    {
        if (!_failing)
        {
            _failing = true;
            RelayFails(logger, error);
        }
    }

    private void Recovered()
    {
        if (_failing)
        {
            _failing = false;
            RelayRecovered(logger);
        }
    }

    [LoggerMessage(9101, LogLevel.Warning, "Events cannot be published. They stay in the outbox and are tried again every second.")]
    private static partial void RelayFails(ILogger logger, Exception error);

    [LoggerMessage(9102, LogLevel.Information, "Events are published again.")]
    private static partial void RelayRecovered(ILogger logger);

    [LoggerMessage(9103, LogLevel.Error, "The event {Id} of type {EventType} was refused for good and is dropped.")]
    private static partial void Refused(ILogger logger, Exception error, long id, string eventType);
}
