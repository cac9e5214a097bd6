using System.Diagnostics.Metrics;

namespace Resilience.TestKit;

/// <summary>
/// A meter factory of one test: its meters carry the factory as <see cref="Meter.Scope"/>, so that a <see cref="MetricCollector"/> sees this test's measurements
/// and no other's, however many tests run at the same time. Thread-safe.
/// </summary>
public sealed class TestMeterFactory : IMeterFactory
{
    private readonly Lock _gate = new();
    private readonly List<Meter> _meters = [];
    private bool _disposed;

    /// <summary>Number of meters created and not disposed with the factory.</summary>
    public int Meters
    {
        get
        {
            lock (_gate)
            {
                return _meters.Count;
            }
        }
    }

    /// <summary>Creates a meter, or returns the one that was created with the same name and version, as the framework's factory does.</summary>
    /// <param name="options">Its scope must be null or this factory.</param>
    /// <exception cref="InvalidOperationException">The options carry another scope.</exception>
    /// <exception cref="ObjectDisposedException">The factory is disposed.</exception>
    public Meter Create(MeterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Scope is not null && !ReferenceEquals(options.Scope, this))
        {
            throw new InvalidOperationException($"The options of meter {options.Name} carry the scope of another factory.");
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_meters.Find(meter => meter.Name == options.Name && meter.Version == options.Version) is { } existing)
            {
                return existing;
            }

            var created = Build(new MeterOptions(options.Name) { Version = options.Version, Tags = options.Tags, Scope = this });
            _meters.Add(created);
            return created;
        }
    }

    /// <summary>Disposes every meter; instruments stop reporting.</summary>
    public void Dispose()
    {
        List<Meter> meters;
        lock (_gate)
        {
            _disposed = true;
            meters = [.. _meters];
            _meters.Clear();
        }

        foreach (var meter in meters)
        {
            meter.Dispose();
        }
    }

#pragma warning disable RS0030 // This is the factory that the rule asks for.
    private static Meter Build(MeterOptions options) => new(options);
#pragma warning restore RS0030
}
