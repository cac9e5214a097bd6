using Resilience.TestKit.History;
using Resilience.TestKit.Systematic;

namespace Resilience.TestKit.Tests.History;

/// <summary>The faults that are planted into the protocol.</summary>
internal enum Mutant
{
    None,
    NoDedupe,
    DrainOnce,
    AcceptsEqual,
    GateAfterRead,
    NoRefill,
    NoEpochCheck,
    NoTailCheck,
    NoFencing,
}

/// <summary>What the client knows; it outlives its connections.</summary>
internal sealed class ReplayClient
{
    public StreamPosition Position { get; set; } = new("a", 0);
}

/// <summary>One connection: reads what is pending, subscribes, reads what is new, and has one pump. With a mutant, one of its rules is broken.</summary>
internal sealed class ReplayConnection(Schedule schedule, FaultyLog log, HistoryRecorder history, ReplayClient client, int generation, Mutant mutant)
{
    private static readonly TimeSpan TailCheck = TimeSpan.FromSeconds(30);

    private readonly List<Announcement> _gate = [];
    private readonly List<Announcement> _orphaned = [];
    private StreamPosition _last = client.Position;
    private TaskCompletionSource _bell = new();
    private bool _stopped;
    private bool _drained;

    public async Task Run()
    {
        history.Add(new HistoryEvent.Opened("client", generation, _last));
        await Refill();
        if (mutant == Mutant.GateAfterRead)
        {
            await schedule.Yield();
            await log.Subscribe(Hear);
        }
        else
        {
            await log.Subscribe(Hear);
            await Refill();
        }

        using var tail = schedule.Time.CreateTimer(_ => CheckTail(), null, TailCheck, TailCheck);
        while (!_stopped)
        {
            _bell = new TaskCompletionSource();
            await Drain();
            if (!_stopped && _gate.Count == 0 && !_bell.Task.IsCompleted)
            {
                await _bell.Task;
            }
        }

        log.Unsubscribe(Hear);
        history.Add(new HistoryEvent.Closed("client", generation));
    }

    public void Stop()
    {
        _stopped = true;
        _bell.TrySetResult();
    }

    private void Hear(Announcement announcement)
    {
        (mutant == Mutant.DrainOnce && !_drained ? _orphaned : _gate).Add(announcement);
        _bell.TrySetResult();
    }

    private void CheckTail()
    {
        if (mutant != Mutant.NoTailCheck && mutant != Mutant.GateAfterRead && mutant != Mutant.DrainOnce && log.Head != _last)
        {
            _gate.Add(new Announcement(log.Head with { Offset = log.Head.Offset + 1 }, 0));
            _bell.TrySetResult();
        }
    }

    private async Task Drain()
    {
        if (mutant == Mutant.DrainOnce && !_drained)
        {
            _gate.AddRange(_orphaned);
        }

        while (_gate.Count > 0 && !_stopped)
        {
            var next = _gate.MinBy(static a => a.At.Offset)!;
            _gate.Remove(next);
            var sameEpoch = next.At.Epoch == _last.Epoch || mutant == Mutant.NoEpochCheck;
            if (sameEpoch && next.At.Offset < _last.Offset + (mutant == Mutant.AcceptsEqual ? 0 : 1) && mutant != Mutant.NoDedupe)
            {
                continue;
            }

            if (sameEpoch && (next.At.Offset <= _last.Offset + 1 || mutant == Mutant.NoRefill) && next.Hash != 0)
            {
                await Deliver(next);
            }
            else
            {
                await Refill();
            }
        }

        _drained = true;
    }

    private async Task Refill()
    {
        while (!_stopped)
        {
            var page = await log.Read(_last, limit: 2);
            if (page.ResetTo is { } to)
            {
                if (!_stopped)
                {
                    history.Add(new HistoryEvent.Reset("client", generation, to, page.Reason));
                    _last = client.Position = to;
                }

                continue;
            }

            foreach (var entry in page.Entries)
            {
                await Deliver(entry);
            }

            if (page.Entries.Count == 0)
            {
                return;
            }
        }
    }

    private async Task Deliver(Announcement entry)
    {
        await schedule.Yield();
        if (_stopped && mutant != Mutant.NoFencing)
        {
            return;
        }

        history.Add(new HistoryEvent.Delivered("client", generation, entry.At, entry.Hash));
        history.Add(new HistoryEvent.Processed("client", entry.At));
        _last = client.Position = entry.At;
    }
}
