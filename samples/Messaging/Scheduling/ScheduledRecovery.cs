using Dapper;
using Messaging.Database;
using Messaging.Http;
using Microsoft.Extensions.Options;

namespace Messaging.Scheduling;

/// <summary>
/// Heals the queue from the rows. At the start everything that is pending goes in; afterwards, at an interval, what will be due before the next look, so that
/// what a queue lost (a flushed Redis, a node that died with its memory) is there in time. A key that the queue has is not added twice. What the queue gave up
/// waits for an operator. Old rows that ended leave.
/// </summary>
internal sealed partial class ScheduledRecovery(
    Db database, ScheduledQueue queue, IOptions<ScheduledRecoveryOptions> options, TimeProvider time, ILogger<ScheduledRecovery> logger) : BackgroundService
{
    /// <summary>What is pending and due up to a time, page by page, the earliest first.</summary>
    internal const string Due =
        """
        SELECT id, queue_key, due_at FROM scheduled_messages
        WHERE state = @state AND due_at <= @until AND (due_at, id) > (@afterDue, @afterId) ORDER BY due_at, id LIMIT @PageSize
        """;

    private const int PageSize = 100;
    private const int PurgeBatch = 1_000;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Retention = TimeSpan.FromDays(7);

    private readonly TimeSpan _interval = options.Value.Interval;
    private bool _loaded;
    private bool _failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var done = await TryRunAsync(stoppingToken);
            await Task.Delay(done ? _interval : RetryInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> TryRunAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Twice the interval: what is due just after the next look must not wait for the look after it.
            var until = _loaded ? time.NowForStore() + (long)(2 * _interval).TotalMilliseconds : long.MaxValue;

            // A queue that was full takes the rest with a later look.
            _loaded |= await RestoreAsync(until, cancellationToken);
            await PurgeAsync(cancellationToken);
            Succeeded();
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops; the next start begins from the rows again.
        }
        catch (Exception error)
        {
            Failed(error);
        }

        return false;
    }

    /// <summary>Adds what is pending up to a due time, the earliest first; false when the queue had no place for all.</summary>
    private async Task<bool> RestoreAsync(long until, CancellationToken cancellationToken)
    {
        HashSet<string>? dead = null;
        var (dueAt, id) = (long.MinValue, 0L);
        while (true)
        {
            var page = await ReadAsync(until, dueAt, id, cancellationToken);
            if (page.Count == 0)
            {
                return true;
            }

            dead ??= await queue.DeadAsync(cancellationToken);
            var now = time.NowForStore();
            var keys = page.Where(row => !dead.Contains(row.QueueKey))
                .Select(row => (new ScheduledMessageId(row.QueueKey), TimeSpan.FromMilliseconds(row.DueAt - now)));
            if (!await queue.AddAllAsync(keys, cancellationToken))
            {
                return false;
            }

            (dueAt, id) = (page[^1].DueAt, page[^1].Id);
        }
    }

    private Task<List<ScheduledRow>> ReadAsync(long until, long afterDue, long afterId, CancellationToken cancellationToken) => database.ReadAsync(
        async scope => (await scope.QueryAsync<ScheduledRow>(
            Due,
            new { state = ScheduledStates.Pending, until, afterDue, afterId, PageSize })).AsList(),
        cancellationToken);

    private Task<int> PurgeAsync(CancellationToken cancellationToken) => database.WriteInBackgroundAsync(
        scope => scope.ExecuteAsync(
            $"""
            DELETE FROM scheduled_messages WHERE id IN (
                SELECT id FROM scheduled_messages WHERE {scope.Dialect.IsOneOf("state", "@ended")} AND due_at < @before LIMIT @PurgeBatch)
            """,
            new
            {
                ended = new[] { ScheduledStates.Sent, ScheduledStates.Failed, ScheduledStates.Cancelled },
                before = time.NowForStore() - (long)Retention.TotalMilliseconds,
                PurgeBatch,
            }),
        cancellationToken);

    private void Failed(Exception error)
    {
        if (!_failing)
        {
            _failing = true;
            RecoveryFails(logger, error);
        }
    }

    private void Succeeded()
    {
        if (_failing)
        {
            _failing = false;
            RecoveryWorks(logger);
        }
    }

    [LoggerMessage(9202, LogLevel.Warning, "Scheduled messages cannot be put into the queue. They stay in the database and are tried again every few seconds.")]
    private static partial void RecoveryFails(ILogger logger, Exception error);

    [LoggerMessage(9203, LogLevel.Information, "Scheduled messages are put into the queue again.")]
    private static partial void RecoveryWorks(ILogger logger);
}
