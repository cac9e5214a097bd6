namespace Resilience.Queues.Conformance.Model;

/// <summary>Runs one list of commands on the model and on a store, and compares every answer, and all counts and dead letters after every command.</summary>
internal sealed class ModelRun
{
    private const long Visibility = 300;
    private const long Ttl = 900;
    private const string Owner = "model";

    private readonly IStoreUnderTest _subject;
    private readonly QueueModel _model;
    private readonly DelayedQueueOptions _options;
    private readonly List<(int Number, MessageKey Key, long Token)> _deliveries = [];
    private readonly List<(string Item, string Id)> _messages = [];
    private int _items;

    public ModelRun(IStoreUnderTest subject, DelayedQueueOptions options)
    {
        _subject = subject;
        _options = options;
        _model = new QueueModel(options);
    }

    public static DelayedQueueOptions Options => new()
    {
        MaxSize = 8,
        MaxRetries = 2,
        MaxDeliveries = 4,
        MaxDeadLetters = 4,
        SettledIdRetention = TimeSpan.FromMilliseconds(400),
        MaxSettledIds = 100,
    };

    private IDelayedQueueStore<string> Store => _subject.Store;

    public async Task RunAsync(IReadOnlyList<ModelCommand> commands)
    {
        foreach (var command in commands)
        {
            await ApplyAsync(command);
            var stats = await Store.GetStatsAsync();
            (stats with { Bytes = -1 }).ShouldBe(_model.Stats());
            stats.Size.ShouldBeLessThanOrEqualTo(_options.MaxSize);
            await CompareDeadLettersAsync();
        }
    }

    private Task ApplyAsync(ModelCommand command) => command.Operation switch
    {
        ModelOperation.Enqueue => EnqueueAsync((NextItem(), Delay(command.A), null)),
        ModelOperation.EnqueueNamed => EnqueueAsync((NextItem(), Delay(command.A), $"key{command.B % 4}")),
        ModelOperation.EnqueueMany => EnqueueAsync((NextItem(), 0, null), (NextItem(), Delay(command.A), "key0"), (NextItem(), Delay(command.B), null)),
        ModelOperation.Advance => AdvanceAsync(command.A * 3),
        ModelOperation.AdvancePastLease => AdvanceAsync(Visibility + (command.A * 10)),
        ModelOperation.Claim => ClaimAsync(1 + (command.A % 4), command.B % 2 == 0),
        ModelOperation.Acknowledge => SettleAsync((command.A, SettlementKind.Acknowledge)),
        ModelOperation.Retry => SettleAsync((command.A, SettlementKind.Retry)),
        ModelOperation.DeadLetter => SettleAsync((command.A, SettlementKind.DeadLetter)),
        ModelOperation.Release => SettleAsync((command.A, SettlementKind.Release)),
        ModelOperation.SettleMany => SettleAsync((command.A, SettlementKind.Retry), (command.B, SettlementKind.Acknowledge), (command.A + 1, SettlementKind.Release)),
        ModelOperation.Extend => ExtendAsync(command.A, 50 + (command.B * 5)),
        ModelOperation.Cancel => CancelAsync(command.A),
        ModelOperation.Reschedule => RescheduleAsync(command.A, Delay(command.B)),
        ModelOperation.Cleanup => CleanupAsync(1 + (command.A % 3)),
        ModelOperation.Redrive => RedriveAsync(command.A),
        ModelOperation.Purge => PurgeAsync(command.A),
        ModelOperation.PurgeAll => PurgeAllAsync(),
        ModelOperation.Disturb => _subject.DisturbAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(command)),
    };

    private string NextItem() => $"item{++_items}";

    // A third is due at once.
    private static long Delay(int number) => number < 33 ? 0 : number * 4;

    private static TimeSpan Ms(long milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private async Task EnqueueAsync(params (string Item, long Delay, string? Id)[] messages)
    {
        var results = new EnqueueResult[messages.Length];
        var requests = messages.Select(static one => new NewMessage<string>(one.Item, Ms(one.Delay), one.Id, null, null)).ToArray();
        await Store.EnqueueAsync(requests, results);
        for (var i = 0; i < results.Length; i++)
        {
            var expected = _model.Enqueue(messages[i].Item, messages[i].Delay, messages[i].Id);
            results[i].Status.ShouldBe(expected);
            if (expected == EnqueueStatus.Accepted)
            {
                _messages.Add((messages[i].Item, results[i].Id!));
            }
        }

        results[^1].Size.ShouldBe(_model.Size);
    }

    private async Task AdvanceAsync(long milliseconds)
    {
        _model.Advance(milliseconds);
        await _subject.AdvanceAsync(Ms(milliseconds));
    }

    private async Task ClaimAsync(int max, bool allowSuspect)
    {
        var buffer = new ClaimedMessage<string>[max];
        var result = await Store.ClaimAsync(new ClaimRequest(max, Ms(Visibility), allowSuspect), buffer);
        var (expected, dead, nextDue) = _model.Claim(max, Visibility, allowSuspect);
        var actual = buffer.Take(result.Count)
            .Select((one, i) => new ModelDelivery(
                one.Item, expected.ElementAtOrDefault(i).Number, one.Failures, one.Deliveries, one.IsSuspect, (long)one.Lateness.TotalMilliseconds))
            .ToList();
        actual.ShouldBe(expected);
        result.DeadLettered.ShouldBe(dead);
        result.NextDue.ShouldBe(nextDue is { } due ? Ms(due) : null);
        for (var i = 0; i < result.Count; i++)
        {
            buffer[i].Lateness.ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);
            _deliveries.Insert(0, (expected[i].Number, buffer[i].Key, buffer[i].Token));
        }
    }

    private async Task SettleAsync(params (int Choice, SettlementKind Kind)[] ends)
    {
        if (_deliveries.Count == 0)
        {
            return;
        }

        var chosen = ends.Select(end => (Delivery: Choose(end.Choice), end.Kind, Delay: end.Choice * 5L)).ToArray();
        var settlements = chosen.Select(static one => new Settlement(
            one.Delivery.Key, one.Delivery.Token, one.Kind, Ms(one.Delay), DeadLetterReason.Permanent, Error(one.Kind, one.Delivery.Number))).ToArray();
        var outcomes = new SettlementOutcome[settlements.Length];
        await Store.SettleAsync(settlements, outcomes);
        for (var i = 0; i < outcomes.Length; i++)
        {
            var (delivery, kind, delay) = chosen[i];
            outcomes[i].ShouldBe(_model.Settle(delivery.Number, kind, delay, DeadLetterReason.Permanent, Error(kind, delivery.Number)));
        }
    }

    private static string? Error(SettlementKind kind, int number) =>
        kind is SettlementKind.Retry or SettlementKind.DeadLetter ? $"error \"{number}\" \n ü" : null;

    // Mostly the latest deliveries, but stale ones as well.
    private (int Number, MessageKey Key, long Token) Choose(int choice) => _deliveries[choice % Math.Min(_deliveries.Count, 6)];

    private async Task ExtendAsync(int choice, long by)
    {
        if (_deliveries.Count == 0)
        {
            return;
        }

        var delivery = Choose(choice);
        var results = new bool[1];
        await Store.ExtendAsync(new[] { new LeaseExtension(delivery.Key, delivery.Token, Ms(by)) }, results);
        results[0].ShouldBe(_model.Extend(delivery.Number, by));
    }

    private async Task CancelAsync(int choice)
    {
        if (_messages.Count > 0)
        {
            var (item, id) = _messages[choice % _messages.Count];
            (await Store.CancelAsync(id)).ShouldBe(_model.Cancel(Current(item, id)));
        }
    }

    private async Task RescheduleAsync(int choice, long delay)
    {
        if (_messages.Count > 0)
        {
            var (item, id) = _messages[choice % _messages.Count];
            (await Store.RescheduleAsync(id, Ms(delay))).ShouldBe(_model.Reschedule(Current(item, id), delay));
        }
    }

    // A name may stand for a later message by now; the store goes by the name, the model by the item.
    private string Current(string item, string id) => id[0] == MessageKey.GeneratedPrefix ? item : _model.ItemOf(id) ?? item;

    private async Task CleanupAsync(int max)
    {
        var batch = await Store.CleanupAsync(new CleanupRequest(Ms(Ttl), max, Owner));
        var (removed, remaining) = _model.Cleanup(Ttl, max);
        batch.ShouldBe(new CleanupBatch(false, removed, remaining));
    }

    private async Task RedriveAsync(int choice)
    {
        if (_model.Dead.Count > 0)
        {
            var index = choice % _model.Dead.Count;
            var id = await IdOfDeadAsync(index);
            (await Store.RedriveAsync(id)).ShouldBe(_model.Redrive(index));
        }
        else
        {
            (await Store.RedriveAsync("unknown")).ShouldBe(RedriveStatus.NotFound);
        }
    }

    private async Task PurgeAsync(int choice)
    {
        if (_model.Dead.Count > 0)
        {
            var index = choice % _model.Dead.Count;
            (await Store.PurgeAsync(await IdOfDeadAsync(index))).ShouldBe(1);
            _model.Purge(index);
        }
    }

    private async Task PurgeAllAsync() => (await Store.PurgeAsync(null)).ShouldBe(_model.PurgeAll());

    private async Task<string> IdOfDeadAsync(int index) => (await Store.ListDeadLettersAsync(0, 200))[index].Id;

    private async Task CompareDeadLettersAsync()
    {
        var actual = await Store.ListDeadLettersAsync(0, 200);
        actual.Select(static dead => (dead.Item, dead.Reason, dead.Failures, dead.Deliveries, History: string.Join('|', dead.History.Select(static one => one.Error))))
            .ShouldBe(_model.Dead.Select(static dead =>
                ((string?)dead.Entry.Item, dead.Reason, dead.Entry.Failures, dead.Entry.Deliveries, History: string.Join('|', dead.Entry.History))));
    }
}
