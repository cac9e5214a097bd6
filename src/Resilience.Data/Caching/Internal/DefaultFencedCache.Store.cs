using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Keeping what was loaded: in the shared level when its token is still good, and here only when it was taken there.</summary>
internal sealed partial class DefaultFencedCache
{
    private async ValueTask StoreAsync<T>(
        List<(Flight<T> Flight, Cached<T> Value, Ticket Ticket)> loaded, CacheCodec<T> codec, EntrySettings settings, long started)
    {
        Systematic.Interleave("cache.store");
        if (_time.GetElapsedTime(started) > _options.LoadLimit)
        {
            _metrics.PopulateRejected(loaded.Count);
            return;
        }

        var writes = new List<SharedWrite>();
        var waiting = new List<(Flight<T> Flight, Cached<T> Value)>();
        foreach (var (flight, value, ticket) in loaded)
        {
            var life = Life(value.IsMissing ? settings.NegativeTtl : settings.Ttl);
            switch (ticket.Kind)
            {
                case TicketKind.LocalOnly or TicketKind.SharedOff or TicketKind.SharedDown:
                    KeepLocally(flight, value, settings, life);
                    break;
                case TicketKind.Token when !settings.WritesShared:
                    KeepLocally(flight, value, settings, life);
                    break;
                case TicketKind.Token when CachePayload.Pack(value, codec) is { } payload && payload.Length <= _options.MaxPayloadBytes:
                    writes.Add(new SharedWrite(flight.Key, ticket.Token!, flight.Tags, payload, life));
                    waiting.Add((flight, value));
                    break;
                default:
                    _metrics.PopulateRejected(1);
                    break;
            }
        }

        if (writes.Count == 0)
        {
            return;
        }

        var taken = await _shared!.WriteAsync(writes).ConfigureAwait(Systematic.KeepContext);
        Systematic.Interleave("cache.stored");
        for (var i = 0; i < writes.Count; i++)
        {
            if (taken is null || taken[i])
            {
                KeepLocally(waiting[i].Flight, waiting[i].Value, settings, writes[i].Ttl);
            }
            else
            {
                _metrics.PopulateRejected(1);
            }
        }
    }

    private void KeepLocally<T>(Flight<T> flight, Cached<T> value, EntrySettings settings, TimeSpan remaining)
    {
        if (!settings.WritesLocal)
        {
            return;
        }

        var most = settings.LocalTtl ?? (_shared is null ? remaining : _options.LocalTtl);
        var ends = _time.GetTimestamp() + (long)((most < remaining ? most : remaining).TotalSeconds * _time.TimestampFrequency);
        var entry = new LocalEntry<T>(flight.Key, flight.Tags, flight.Began, ends, value);
        lock (LockOf(flight.Key))
        {
            if (!_fences.IsVoid(flight.Began, flight.Key, flight.Tags))
            {
                (value.IsMissing ? _negative : _entries).Set(entry);
                (value.IsMissing ? _entries : _negative).Remove(flight.Key);
                return;
            }
        }

        _metrics.PopulateRejected(1);
    }

    /// <summary>A life is only ever shortened, so that entries made together do not end together and none outlives its time.</summary>
    private TimeSpan Life(TimeSpan ttl) => ttl * (1 - (_options.Jitter * _jitter.NextDouble()));
}
