using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>
/// Runs the cleanup of queues for a caller who knows a secret: for a scheduler outside. The application maps it to a route and gives it what the request
/// presented. Thread-safe; one run at a time.
/// </summary>
public sealed class CleanupTrigger
{
    private readonly IServiceProvider _services;
    private readonly IOptionsMonitor<CleanupTriggerOptions> _options;
    private int _running;

    /// <summary>Creates the trigger; the container does.</summary>
    /// <param name="services">Where the queues are.</param>
    /// <param name="options">The secrets.</param>
    public CleanupTrigger(IServiceProvider services, IOptionsMonitor<CleanupTriggerOptions> options)
    {
        _services = services;
        _options = options;
    }

    /// <summary>Cleans one queue or all up, when the secret is right. The comparison takes the same time wherever a difference is.</summary>
    /// <param name="secret">What the caller presented, without <c>Bearer</c>.</param>
    /// <param name="queue">The name of the queue, or <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the run between two batches.</param>
    /// <returns>How it ended and, when it ran, what was done in all.</returns>
    /// <exception cref="InvalidOperationException">There is no queue of this name.</exception>
    public async ValueTask<CleanupTriggerResult> TryRunAsync(string? secret, string? queue = null, CancellationToken cancellationToken = default)
    {
        var options = _options.CurrentValue;
        if (string.IsNullOrEmpty(options.Secret))
        {
            return new CleanupTriggerResult(CleanupTriggerStatus.NotConfigured, default);
        }

        // Both comparisons are made, whatever the first says.
        var matches = Matches(secret, options.Secret) | Matches(secret, options.PreviousSecret);
        if (!matches)
        {
            return new CleanupTriggerResult(CleanupTriggerStatus.Unauthorized, default);
        }

        var queues = Queues(queue);
        if (Interlocked.CompareExchange(ref _running, 1, 0) != 0)
        {
            return new CleanupTriggerResult(CleanupTriggerStatus.AlreadyRunning, default);
        }

        try
        {
            return await RunAsync(queues, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private static async ValueTask<CleanupTriggerResult> RunAsync(IReadOnlyList<IDelayedQueue> queues, CancellationToken cancellationToken)
    {
        var sum = default(CleanupReport);
        var ran = false;
        foreach (var queue in queues)
        {
            var report = await queue.CleanupAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            ran |= report.Status == CleanupStatus.Completed;
            sum = new CleanupReport(
                CleanupStatus.Completed, sum.Removed + report.Removed, sum.Batches + report.Batches, sum.Remaining + report.Remaining, sum.Duration + report.Duration);
        }

        return ran || queues.Count == 0
            ? new CleanupTriggerResult(CleanupTriggerStatus.Completed, sum)
            : new CleanupTriggerResult(CleanupTriggerStatus.AlreadyRunning, default);
    }

    /// <summary>Compares digests, so that the length of the secret does not show either.</summary>
    private static bool Matches(string? presented, string? secret)
    {
        Span<byte> left = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> right = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(presented ?? ""), left);
        SHA256.HashData(Encoding.UTF8.GetBytes(secret ?? ""), right);
        return CryptographicOperations.FixedTimeEquals(left, right) && !string.IsNullOrEmpty(secret);
    }

    private IReadOnlyList<IDelayedQueue> Queues(string? name)
    {
        var all = _services.GetServices<QueueRegistration>().Where(one => name is null || one.Name == name).ToArray();
        return name is null || all.Length > 0
            ? [.. all.Select(one => one.Resolve(_services).Queue)]
            : throw new InvalidOperationException($"There is no queue named '{name}'; register it with AddDelayedQueue.");
    }
}
