using System.Diagnostics.Metrics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Resilience.TestKit;

/// <summary>Receives every measurement of the meters of one factory, and answers questions about them.</summary>
/// <remarks>
/// Create it before or after the instruments; what was measured before it exists is not seen. Thread-safe: measurements arrive on the threads that make them,
/// under a lock that guards the list and calls nobody.
/// </remarks>
public sealed class MetricCollector : IDisposable
{
    private readonly Lock _gate = new();
    private readonly MeterListener _listener = new();
    private readonly List<MetricMeasurement> _measurements = [];
    private readonly Dictionary<string, MetricInstrument> _instruments = new(StringComparer.Ordinal);

    /// <summary>Starts to collect.</summary>
    /// <param name="scope">The factory whose meters are meant: a <see cref="TestMeterFactory"/>, or the <see cref="IMeterFactory"/> of a host's services.</param>
    /// <param name="meter">Name of the meter; null for all meters of the factory.</param>
    public MetricCollector(IMeterFactory scope, string? meter = null)
    {
        ArgumentNullException.ThrowIfNull(scope);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, scope) && (meter is null || instrument.Meter.Name == meter))
            {
                lock (_gate)
                {
                    _instruments[instrument.Name] = Describe(instrument);
                }

                listener.EnableMeasurementEvents(instrument);
            }
        };
        Listen<byte>();
        Listen<short>();
        Listen<int>();
        Listen<long>();
        Listen<float>();
        Listen<double>();
        Listen<decimal>();
        _listener.Start();
    }

    /// <summary>All measurements so far, in the order of their arrival. Observable instruments appear when they are read: <see cref="Observe"/>, <see cref="Value"/>.</summary>
    public IReadOnlyList<MetricMeasurement> Measurements
    {
        get
        {
            lock (_gate)
            {
                return [.. _measurements];
            }
        }
    }

    /// <summary>The instruments that were published so far, by name.</summary>
    public IReadOnlyList<MetricInstrument> Instruments
    {
        get
        {
            lock (_gate)
            {
                return [.. _instruments.Values.OrderBy(static instrument => instrument.Name, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Reads every observable instrument once.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    /// <summary>
    /// The present value of an instrument: the sum of a counter's or up-down counter's measurements; for observable instruments and gauges, the sum over tag sets of
    /// what was reported last, after reading them once.
    /// </summary>
    /// <param name="instrument">Name of the instrument.</param>
    /// <param name="tags">Only measurements with these tags.</param>
    /// <exception cref="InvalidOperationException">No such instrument was published (the message lists those that were), or it is a histogram.</exception>
    public double Value(string instrument, params (string Name, object? Value)[] tags)
    {
        var known = Find(instrument);
        if (known.Kind == "histogram")
        {
            throw new InvalidOperationException($"{instrument} is a histogram; use Values or Count.");
        }

        if (!known.Observable && known.Kind != "gauge")
        {
            return Values(instrument, tags).Sum();
        }

        int before;
        lock (_gate)
        {
            // What an observable instrument no longer reports must not count: only this reading does.
            before = known.Observable ? _measurements.Count : 0;
        }

        Observe();
        return Measurements.Skip(before).Where(m => m.Instrument == instrument && m.Has(tags)).GroupBy(Key).Sum(static group => group.Last().Value);
    }

    /// <summary>The values that were measured, in order; of a histogram, all of them.</summary>
    /// <param name="instrument">Name of the instrument.</param>
    /// <param name="tags">Only measurements with these tags.</param>
    public IReadOnlyList<double> Values(string instrument, params (string Name, object? Value)[] tags) =>
        [.. Measurements.Where(m => m.Instrument == instrument && m.Has(tags)).Select(static m => m.Value)];

    /// <summary>How many measurements there were.</summary>
    /// <param name="instrument">Name of the instrument.</param>
    /// <param name="tags">Only measurements with these tags.</param>
    public int Count(string instrument, params (string Name, object? Value)[] tags) => Values(instrument, tags).Count;

    /// <summary>Waits until the measurements fulfil a condition; asked again after every measurement.</summary>
    /// <param name="condition">Asked on any thread, without a lock. Do not read observable instruments in it: that is a measurement.</param>
    /// <param name="what">Named in the failure; the text of the condition by default.</param>
    /// <exception cref="WatchdogException">It did not happen within 30 s; the message shows the last measurements.</exception>
    public Task WhenAsync(Func<MetricCollector, bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        ArgumentNullException.ThrowIfNull(condition);
        // Asked again and again, for a condition on an observable instrument gives no signal.
        return Watchdog.UntilAsync(() => condition(this), detail: () => string.Join(Environment.NewLine, Measurements.TakeLast(20)), what: what, file: "");
    }

    /// <summary>Stops collecting. What was collected stays readable.</summary>
    public void Dispose() => _listener.Dispose();

    private static MetricInstrument Describe(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        var kind = type.Contains("UpDown", StringComparison.Ordinal) ? "updowncounter"
            : type.Contains("Counter", StringComparison.Ordinal) ? "counter"
            : type.Contains("Histogram", StringComparison.Ordinal) ? "histogram"
            : "gauge";
        return new MetricInstrument(instrument.Name, kind, instrument.Unit, instrument.Description, instrument.IsObservable);
    }

    private static string Key(MetricMeasurement measurement) => string.Join("|", measurement.Tags.OrderBy(static tag => tag.Key, StringComparer.Ordinal));

    private MetricInstrument Find(string name)
    {
        lock (_gate)
        {
            return _instruments.TryGetValue(name, out var instrument)
                ? instrument
                : throw new InvalidOperationException($"No instrument {name} was published; there are: {string.Join(", ", _instruments.Keys.Order(StringComparer.Ordinal))}.");
        }
    }

    private void Listen<T>()
        where T : struct, INumber<T> =>
        _listener.SetMeasurementEventCallback<T>((instrument, value, tags, _) => Add(instrument, double.CreateChecked(value), tags));

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var copy = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var tag in tags)
        {
            copy[tag.Key] = tag.Value;
        }

        lock (_gate)
        {
            _measurements.Add(new MetricMeasurement(instrument.Name, value, copy));
        }
    }
}
