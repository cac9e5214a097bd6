namespace Resilience.Sse;

/// <summary>
/// One timer for all connections: a turn per second visits the slot whose time has come, so a turn's cost is the number of connections that are due, and their
/// heartbeats are spread. Thread-safe; the lock guards the slots, and connections are visited without it.
/// </summary>
internal sealed class Wheel(SseClock clock)
{
    public const long TurnMs = 1000;

    private const int Slots = 64;

    private readonly Lock _gate = new();
    private readonly List<SseConnection>[] _slots = [.. Enumerable.Range(0, Slots).Select(static _ => new List<SseConnection>())];
    private readonly List<SseConnection> _visited = [];
    private long _turn = clock.Now / TurnMs;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _slots.Sum(static s => s.Count);
            }
        }
    }

    public void Add(SseConnection connection, long due)
    {
        lock (_gate)
        {
            Place(connection, due);
        }
    }

    /// <summary>Takes a connection out. Idempotent.</summary>
    public void Remove(SseConnection connection)
    {
        lock (_gate)
        {
            Take(connection);
        }
    }

    /// <summary>Has a connection visited at the next turn.</summary>
    public void VisitSoon(SseConnection connection)
    {
        lock (_gate)
        {
            if (connection.WheelSlot >= 0)
            {
                connection.WheelSoon = true;
                Take(connection);
                Place(connection, 0);
            }
        }
    }

    /// <summary>Visits what is due. One caller at a time.</summary>
    public void Turn(long now)
    {
        lock (_gate)
        {
            var turn = now / TurnMs;
            for (var i = Math.Max(_turn + 1, turn - Slots + 1); i <= turn; i++)
            {
                _visited.AddRange(_slots[i % Slots]);
            }

            foreach (var connection in _visited)
            {
                connection.WheelSoon = false;
            }

            _turn = Math.Max(_turn, turn);
        }

        foreach (var connection in _visited)
        {
            var due = connection.Visit(now);
            lock (_gate)
            {
                if (connection.WheelSlot >= 0)
                {
                    Take(connection);
                    Place(connection, connection.WheelSoon ? 0 : due);
                }
            }
        }

        _visited.Clear();
    }

    private void Place(SseConnection connection, long due)
    {
        // Farther than one round: visited once a round on the way, which is harmless.
        var turn = Math.Clamp((due + TurnMs - 1) / TurnMs, _turn + 1, _turn + Slots - 1);
        var slot = _slots[turn % Slots];
        connection.WheelSlot = (sbyte)(turn % Slots);
        connection.WheelIndex = slot.Count;
        slot.Add(connection);
    }

    private void Take(SseConnection connection)
    {
        if (connection.WheelSlot < 0)
        {
            return;
        }

        var slot = _slots[connection.WheelSlot];
        var last = slot[^1];
        slot[connection.WheelIndex] = last;
        last.WheelIndex = connection.WheelIndex;
        slot.RemoveAt(slot.Count - 1);
        connection.WheelSlot = -1;
    }
}
