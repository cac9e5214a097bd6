using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;

namespace Messaging.Limits;

/// <summary>
/// A bucket of turns on the application's clock, kept as one time: when it would be full again. Nobody waits in line. Thread-safe.
/// </summary>
internal sealed class TokenBucket(RateOptions rate, TimeProvider time) : RateLimiter
{
    private readonly Lock _lock = new();
    private readonly TimeSpan _turn = TimeSpan.FromMinutes(1) / rate.PerMinute;
    private readonly long _start = time.GetTimestamp();

    private TimeSpan _full;

    /// <summary>A bucket that nobody uses is forgotten only when it is full, so that forgetting gives no turns away.</summary>
    public override TimeSpan? IdleDuration
    {
        get
        {
            lock (_lock)
            {
                var idle = Now - _full;
                return idle >= TimeSpan.Zero ? idle : null;
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_start);

    public override RateLimiterStatistics? GetStatistics() => null;

    /// <summary>Gives a turn back, as if it had not been taken.</summary>
    internal void GiveBack()
    {
        lock (_lock)
        {
            _full -= _turn;
        }
    }

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        lock (_lock)
        {
            var now = Now;
            var full = (_full > now ? _full : now) + (_turn * permitCount);
            var wait = full - now - (_turn * rate.Burst);
            if (wait > TimeSpan.Zero)
            {
                return new Turn(this, wait);
            }

            _full = full;
            return new Turn(this, null);
        }
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) => new(AttemptAcquireCore(permitCount));

    /// <summary>A turn, or how long there will be none.</summary>
    internal sealed class Turn(TokenBucket bucket, TimeSpan? wait) : RateLimitLease
    {
        public override bool IsAcquired => wait is null;

        public override IEnumerable<string> MetadataNames => wait is null ? [] : [MetadataName.RetryAfter.Name];

        /// <summary>How long there is no turn; zero for one that was given.</summary>
        internal TimeSpan Wait => wait ?? TimeSpan.Zero;

        public override bool TryGetMetadata(string metadataName, [NotNullWhen(true)] out object? metadata)
        {
            metadata = metadataName == MetadataName.RetryAfter.Name ? wait : null;
            return metadata is not null;
        }

        /// <summary>Gives a turn that was taken back to its bucket.</summary>
        internal void GiveBack() => bucket.GiveBack();
    }
}
