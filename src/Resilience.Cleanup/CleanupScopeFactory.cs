using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Resilience.Cleanup;

/// <summary>Makes scopes with the application's limits, clock, metrics and logs. Registered by <c>AddCleanupScopes</c>. Thread-safe.</summary>
public sealed class CleanupScopeFactory
{
    private readonly ScopeEnvironment _environment;

    /// <summary>Makes a factory without dependency injection, for tests above all: there are no metrics.</summary>
    /// <param name="options">The limits; taken over now, later changes have no effect.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where failures and slow closes go.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public CleanupScopeFactory(CleanupScopeOptions options, TimeProvider timeProvider, ILogger<CleanupScope> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentNullException.ThrowIfNull(logger);
        _environment = new ScopeEnvironment(options, timeProvider, null, logger);
    }

    internal CleanupScopeFactory(IOptions<CleanupScopeOptions> options, TimeProvider timeProvider, CleanupMetrics? metrics, ILogger<CleanupScope> logger) =>
        _environment = new ScopeEnvironment(options.Value, timeProvider, metrics, logger);

    /// <summary>Makes an open scope.</summary>
    public CleanupScope Create() => new(new ScopeCore(_environment));
}
