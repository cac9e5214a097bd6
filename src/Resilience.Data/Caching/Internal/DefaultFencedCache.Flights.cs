using Microsoft.Extensions.Caching.Hybrid;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Loads under way: who joins which, and what a load does.</summary>
internal sealed partial class DefaultFencedCache
{
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(50);

    /// <summary>Joins a load of the key that is under way and began after the key's last invalidation, or begins one.</summary>
    private (Flight<T> Flight, bool IsNew) Join<T>(string key, HybridCacheEntryFlags flags, IEnumerable<string>? tags)
    {
        var id = new FlightKey(key, typeof(T), flags);
        lock (LockOf(key))
        {
            if (_flights.TryGetValue(id, out var existing) && !existing.HasLanded && !_fences.IsVoid(existing.Began, key, existing.Tags))
            {
                existing.Join();
                return ((Flight<T>)existing, false);
            }

            var flight = new Flight<T>(id, tags is null ? [] : [.. tags.Distinct(StringComparer.Ordinal)], _fences.Now());
            flight.Join();
            _flights[id] = flight;
            return (flight, true);
        }
    }

    private async ValueTask<Cached<T>> AwaitAsync<T>(Flight<T> flight, CancellationToken cancellationToken)
    {
        _place.Value?.Free();
        if (!cancellationToken.CanBeCanceled)
        {
            return await flight.Outcome.ConfigureAwait(Systematic.KeepContext);
        }

        try
        {
            return await flight.Outcome.WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Leave(flight);
            throw;
        }
    }

    private void Leave(Flight flight)
    {
        bool last;
        lock (LockOf(flight.Key))
        {
            last = flight.Leave();
            if (last)
            {
                // Nobody joins a load that will be cancelled.
                _flights.TryRemove(KeyValuePair.Create(flight.Id, flight));
            }
        }

        if (last)
        {
            flight.Abandon();
        }
    }

    private async Task RunAsync<T>(Flight<T> flight, Func<CancellationToken, ValueTask<T>> load, EntrySettings settings)
    {
        var codec = _codecs.Of<T>();
        var ticket = Ticket.Refused;
        _shared?.Lives(settings.Ttl);
        try
        {
            var found = await LookAsync(flight, codec, settings).ConfigureAwait(Systematic.KeepContext);
            if (found.IsFound)
            {
                flight.Complete(found.Value);
                return;
            }

            ticket = found.Ticket;
            if (!settings.Loads)
            {
                flight.Complete(Cached<T>.Missing);
                return;
            }

            _metrics.CacheRequests("miss", 1);
            var started = _time.GetTimestamp();
            var value = await LoadAsync(load, flight.Abandoned).ConfigureAwait(Systematic.KeepContext);
            var cached = Cached<T>.Of(value, codec);
            await StoreAsync([(flight, cached, ticket)], codec, settings, started).ConfigureAwait(Systematic.KeepContext);
            flight.Complete(cached);
        }
        catch (Exception exception)
        {
            await GiveUpAsync([(flight, ticket)]).ConfigureAwait(Systematic.KeepContext);
            flight.Fail(exception);
        }
        finally
        {
            End(flight);
        }
    }

    private async ValueTask<T> LoadAsync<T>(Func<CancellationToken, ValueTask<T>> load, CancellationToken cancellationToken)
    {
        await _loads.WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var place = new LoadPlace(_loads);
        var started = _time.GetTimestamp();
        try
        {
            _place.Value = place;
            return await load(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        finally
        {
            place.Free();
            _metrics.Loaded(_time.GetElapsedTime(started));
        }
    }

    /// <summary>Looks into the shared level, and waits a little for another node that loads the same key.</summary>
    private async ValueTask<Look<T>> LookAsync<T>(Flight<T> flight, CacheCodec<T> codec, EntrySettings settings)
    {
        if (_shared is null || !settings.ReadsShared)
        {
            // Without a look there is no token; what must be written all the same gets one of its own.
            return settings.WritesShared && _shared is not null
                ? new Look<T>(false, default, await TicketAsync(flight).ConfigureAwait(Systematic.KeepContext))
                : new Look<T>(false, default, _shared is null ? Ticket.LocalOnly : Ticket.SharedOff);
        }

        var started = _time.GetTimestamp();
        for (var pause = FirstPoll; ; pause = pause * 2 < LongestPoll ? pause * 2 : LongestPoll)
        {
            var results = await _shared.ReadAsync([flight], flight.Abandoned).ConfigureAwait(Systematic.KeepContext);
            Systematic.Interleave("cache.looked");
            if (results is null)
            {
                return new Look<T>(false, default, Ticket.SharedDown);
            }

            if (results[0].Payload is not null)
            {
                return await TakeAsync(flight, results[0], codec, settings).ConfigureAwait(Systematic.KeepContext);
            }

            if (results[0].Token is null || results[0].TokenAge is not { } age || age >= _options.LeaseTtl || _time.GetElapsedTime(started) >= _options.LeaseTtl)
            {
                return new Look<T>(false, default, Ticket.Of(results[0]));
            }

            await Task.Delay(pause, _time, flight.Abandoned).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private async ValueTask<Ticket> TicketAsync(Flight flight)
    {
        await _shared!.InvalidateAsync([flight.Key], [], null).ConfigureAwait(Systematic.KeepContext);
        var results = await _shared.ReadAsync([flight], flight.Abandoned).ConfigureAwait(Systematic.KeepContext);
        return results is null ? Ticket.SharedDown : Ticket.Of(results[0]);
    }

    /// <summary>Takes an entry of the shared level, or removes it when it cannot be read.</summary>
    private async ValueTask<Look<T>> TakeAsync<T>(Flight<T> flight, SharedResult result, CacheCodec<T> codec, EntrySettings settings)
    {
        if (CachePayload.TryUnpack(result.Payload!, codec, _options.MaxPayloadBytes, out var value, out var error))
        {
            _metrics.CacheRequests("shared", 1);
            KeepLocally(flight, value, settings, result.Remaining);
            return new Look<T>(true, value, default);
        }

        _metrics.StoreError();
        DataLog.UnreadableEntry(_logger, error);
        await _shared!.InvalidateAsync([flight.Key], [], null).ConfigureAwait(Systematic.KeepContext);
        return new Look<T>(false, default, Ticket.Refused);
    }

    /// <summary>
    /// After a failed or abandoned load: nobody on another node should wait for it. Nothing was written, so what others have of the key, or are loading, stays good.
    /// </summary>
    private async ValueTask GiveUpAsync(IEnumerable<(Flight Flight, Ticket Ticket)> given)
    {
        SharedToken[] own = [.. given.Where(static g => g.Ticket.IsOwn).Select(static g => new SharedToken(g.Flight.Key, g.Ticket.Token!))];
        if (own.Length > 0)
        {
            await _shared!.ReleaseAsync(own).ConfigureAwait(Systematic.KeepContext);
        }
    }

    private void End(Flight flight)
    {
        Systematic.Interleave("cache.landed");
        _flights.TryRemove(KeyValuePair.Create(flight.Id, flight));
        flight.Dispose();
    }

    /// <summary>
    /// A place among the loads that run at once. A load that waits for another load frees its own: otherwise loads that wait for each other would hold them all.
    /// </summary>
    private sealed class LoadPlace(SemaphoreSlim places)
    {
        private int _freed;

        public void Free()
        {
            if (Interlocked.Exchange(ref _freed, 1) == 0)
            {
                places.Release();
            }
        }
    }

    private readonly record struct Look<T>(bool IsFound, Cached<T> Value, Ticket Ticket);
}
