using Microsoft.Extensions.Caching.Hybrid;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Many keys: two round trips to the shared level and one load, however many are missing.</summary>
internal sealed partial class DefaultFencedCache
{
    public override async ValueTask<IReadOnlyDictionary<TKey, TValue>> GetOrCreateManyAsync<TKey, TValue>(
        IReadOnlyCollection<TKey> keys,
        Func<TKey, string> toKey,
        Func<IReadOnlyList<TKey>, CancellationToken, ValueTask<IReadOnlyDictionary<TKey, TValue>>> loadMissing,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(toKey);
        ArgumentNullException.ThrowIfNull(loadMissing);
        cancellationToken.ThrowIfCancellationRequested();
        var settings = EntrySettings.Of(options, _options);
        string[] tagList = tags is null ? [] : [.. tags];

        // Every text first: when the caller's function throws, no load has been begun that nobody would run.
        var texts = keys.Distinct().Select(key => (Key: key, Text: Checked(toKey(key)))).ToList();
        var result = new Dictionary<TKey, TValue>(texts.Count);
        var flights = new List<(TKey Key, Flight<TValue> Flight)>();
        var own = new List<(TKey Key, Flight<TValue> Flight)>();
        foreach (var (key, text) in texts)
        {
            if (settings.ReadsLocal && TryGetLocal<TValue>(text, out var value))
            {
                Add(result, key, value);
                continue;
            }

            var (flight, isNew) = Join<TValue>(text, settings.Flags, tagList);
            flights.Add((key, flight));
            if (isNew)
            {
                own.Add((key, flight));
            }
        }

        if (own.Count > 0)
        {
            _ = Systematic.Start(() => RunManyAsync(own, loadMissing, settings));
        }

        var awaited = 0;
        try
        {
            foreach (var (key, flight) in flights)
            {
                awaited++;
                var cached = await AwaitAsync(flight, cancellationToken).ConfigureAwait(Systematic.KeepContext);
                if (!cached.IsMissing)
                {
                    Add(result, key, cached.Get());
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            flights.Skip(awaited).ToList().ForEach(f => Leave(f.Flight));
            throw;
        }

        return result;
    }

    private string Checked(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, _options.MaxKeyLength, nameof(text));
        return text;
    }

    private static void Add<TKey, TValue>(Dictionary<TKey, TValue> result, TKey key, TValue? value)
        where TKey : notnull
    {
        if (value is not null)
        {
            result[key] = value;
        }
    }

    private async Task RunManyAsync<TKey, TValue>(
        List<(TKey Key, Flight<TValue> Flight)> own,
        Func<IReadOnlyList<TKey>, CancellationToken, ValueTask<IReadOnlyDictionary<TKey, TValue>>> loadMissing,
        EntrySettings settings)
        where TKey : notnull
    {
        var codec = _codecs.Of<TValue>();
        var open = own;
        var tickets = new Dictionary<Flight, Ticket>(own.Count);
        _shared?.Lives(settings.Ttl);
        using var abandoned = new AllAbandoned(own.Select(static o => (Flight)o.Flight));
        try
        {
            open = await LookManyAsync(own, codec, settings, tickets, abandoned.Token).ConfigureAwait(Systematic.KeepContext);
            if (open.Count == 0)
            {
                return;
            }

            if (!settings.Loads)
            {
                open.ForEach(static o => o.Flight.Complete(Cached<TValue>.Missing));
                return;
            }

            _metrics.CacheRequests("miss", open.Count);
            var started = _time.GetTimestamp();
            var values = await LoadAsync(token => loadMissing([.. open.Select(static o => o.Key)], token), abandoned.Token).ConfigureAwait(Systematic.KeepContext);
            var loaded = open.ConvertAll(o => (
                o.Flight, Value: values.TryGetValue(o.Key, out var value) ? Cached<TValue>.Of(value, codec) : Cached<TValue>.Missing, Ticket: tickets[o.Flight]));
            await StoreAsync(loaded, codec, settings, started).ConfigureAwait(Systematic.KeepContext);
            loaded.ForEach(static l => l.Flight.Complete(l.Value));
        }
        catch (Exception exception)
        {
            await GiveUpAsync(tickets.Select(static t => (t.Key, t.Value))).ConfigureAwait(Systematic.KeepContext);
            own.ForEach(o => o.Flight.Fail(exception));
        }
        finally
        {
            own.ForEach(o => End(o.Flight));
        }
    }

    /// <summary>Completes what the shared level has, and gives what it has not, with tickets.</summary>
    private async ValueTask<List<(TKey Key, Flight<TValue> Flight)>> LookManyAsync<TKey, TValue>(
        List<(TKey Key, Flight<TValue> Flight)> own, CacheCodec<TValue> codec, EntrySettings settings, Dictionary<Flight, Ticket> tickets, CancellationToken cancellationToken)
    {
        var looks = _shared is not null && (settings.ReadsShared || settings.WritesShared);
        if (looks && !settings.ReadsShared)
        {
            await _shared!.InvalidateAsync([.. own.Select(static o => o.Flight.Key)], [], null).ConfigureAwait(Systematic.KeepContext);
        }

        var results = looks ? await _shared!.ReadAsync([.. own.Select(static o => (Flight)o.Flight)], cancellationToken).ConfigureAwait(Systematic.KeepContext) : null;
        var open = new List<(TKey Key, Flight<TValue> Flight)>();
        for (var i = 0; i < own.Count; i++)
        {
            var flight = own[i].Flight;
            if (results?[i].Payload is not null && settings.ReadsShared)
            {
                var look = await TakeAsync(flight, results[i], codec, settings).ConfigureAwait(Systematic.KeepContext);
                if (look.IsFound)
                {
                    flight.Complete(look.Value);
                    continue;
                }
            }

            tickets[flight] = _shared is null ? Ticket.LocalOnly
                : !looks ? Ticket.SharedOff
                : results is null ? Ticket.SharedDown
                : Ticket.Of(results[i]);
            open.Add(own[i]);
        }

        return open;
    }

    /// <summary>Cancelled when every caller of every flight has left.</summary>
    private sealed class AllAbandoned : IDisposable
    {
        private readonly CancellationTokenSource _source = new();
        private readonly List<CancellationTokenRegistration> _registrations = [];
        private int _left;

        public AllAbandoned(IEnumerable<Flight> flights)
        {
            Flight[] all = [.. flights];
            _left = all.Length;
            foreach (var flight in all)
            {
                _registrations.Add(flight.Abandoned.Register(
                    static state =>
                    {
                        var self = (AllAbandoned)state!;
                        if (Interlocked.Decrement(ref self._left) == 0)
                        {
                            self._source.Cancel();
                        }
                    },
                    this));
            }
        }

        public CancellationToken Token => _source.Token;

        public void Dispose()
        {
            _registrations.ForEach(static r => r.Dispose());
            _source.Dispose();
        }
    }
}
