using Microsoft.Extensions.Options;
using Resilience.Shared;

namespace Resilience.Queues;

/// <summary>Options of the worker of one queue. Read once, when it starts.</summary>
public sealed class QueueWorkerOptions
{
    /// <summary>How many messages are handled at the same time.</summary>
    /// <value>1 to 10,000; 8 by default.</value>
    [Bounds(1, 10_000)]
    public int Concurrency { get; set; } = 8;

    /// <summary>How many messages are claimed at once; never more than there are free places.</summary>
    /// <value>1 to 500; 32 by default.</value>
    [Bounds(1, 500)]
    public int ClaimBatchSize { get; set; } = 32;

    /// <summary>How long handlers may go on after the host began to stop; then their token is cancelled and the messages are given back.</summary>
    /// <value>0 to 1 h; 20 s by default, below the host's own 30 s.</value>
    [TimeSpanRange("00:00:00", "01:00:00")]
    public TimeSpan ShutdownDrain { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the worker waits after the store failed before it claims again; each further failure doubles it up to 30 s.</summary>
    /// <value>1 ms to 1 min; 500 ms by default.</value>
    [TimeSpanRange("00:00:00.001", "00:01:00")]
    public TimeSpan StoreRetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Says whether trying again can help after an exception of a handler.</summary>
    /// <value>None by default: everything can, except <see cref="PermanentFailureException"/>.</value>
    public Func<Exception, FailureKind>? Classify { get; set; }
}

/// <summary>The limits of each option; generated from its attributes.</summary>
[OptionsValidator]
internal sealed partial class QueueWorkerOptionsLimits : IValidateOptions<QueueWorkerOptions>;
