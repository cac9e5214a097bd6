using Resilience.TestKit.History;
using Resilience.TestKit.Systematic;

namespace Resilience.TestKit.Tests.History;

/// <summary>An announcement of an entry.</summary>
internal sealed record Announcement(StreamPosition At, long Hash);

/// <summary>One page of the log, or the place where it goes on when something is gone.</summary>
internal sealed record Page(IReadOnlyList<Announcement> Entries, StreamPosition? ResetTo, string Reason);

/// <summary>What goes wrong in a run.</summary>
[Flags]
internal enum LogFaults
{
    None = 0,
    LostAnnouncements = 1,
    DuplicateAnnouncements = 2,
    Trim = 4,
    EpochChange = 8,
}

/// <summary>A log with publishers, whose announcements are lost, doubled and overtaken, which is trimmed and begins anew; all of it recorded.</summary>
internal sealed class FaultyLog(Schedule schedule, HistoryRecorder history, LogFaults faults)
{
    private readonly List<long> _entries = [];
    private readonly List<Action<Announcement>> _subscribers = [];
    private string _epoch = "a";
    private long _oldest = 1;
    private long _ids;

    public StreamPosition Head => new(_epoch, _entries.Count);

    public async Task Publish(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await schedule.Yield();
            var id = ++_ids;
            history.Add(new HistoryEvent.PublishInvoked(id, id * 31));
            await schedule.Yield();
            _entries.Add(id * 31);
            var announcement = new Announcement(Head, id * 31);
            history.Add(new HistoryEvent.PublishConfirmed(id, announcement.At));
            await schedule.Yield();
            Announce(announcement);
        }
    }

    /// <summary>Trims or restarts the log once, somewhere in the run.</summary>
    public async Task Disturb()
    {
        await schedule.Yield();
        await schedule.Yield();
        if (faults.HasFlag(LogFaults.Trim) && _entries.Count > 1 && schedule.Choose(2) == 0)
        {
            _oldest = _entries.Count;
            history.Add(new HistoryEvent.Trimmed(new StreamPosition(_epoch, _oldest)));
        }

        await schedule.Yield();
        if (faults.HasFlag(LogFaults.EpochChange) && schedule.Choose(2) == 0)
        {
            _epoch = "b";
            _entries.Clear();
            _oldest = 1;
            history.Add(new HistoryEvent.EpochChanged(_epoch));
        }
    }

    public async Task<Page> Read(StreamPosition after, int limit)
    {
        await schedule.Yield();
        Page page;
        if (after.Epoch != _epoch)
        {
            page = new Page([], new StreamPosition(_epoch, _oldest - 1), "epoch");
        }
        else if (after.Offset + 1 < _oldest)
        {
            page = new Page([], new StreamPosition(_epoch, _oldest - 1), "trimmed");
        }
        else
        {
            page = new Page(
                [.. _entries.Skip((int)after.Offset).Take(limit).Select((hash, i) => new Announcement(after with { Offset = after.Offset + i + 1 }, hash))], null, "");
        }

        await schedule.Yield();
        return page;
    }

    public async Task Subscribe(Action<Announcement> subscriber)
    {
        await schedule.Yield();
        _subscribers.Add(subscriber);
        await schedule.Yield();
    }

    public void Unsubscribe(Action<Announcement> subscriber) => _subscribers.Remove(subscriber);

    private void Announce(Announcement announcement)
    {
        if (faults.HasFlag(LogFaults.LostAnnouncements) && schedule.Choose(4) == 0)
        {
            return;
        }

        var times = faults.HasFlag(LogFaults.DuplicateAnnouncements) && schedule.Choose(4) == 0 ? 2 : 1;
        for (var i = 0; i < times; i++)
        {
            foreach (var subscriber in _subscribers.ToArray())
            {
                subscriber(announcement);
            }
        }
    }
}
