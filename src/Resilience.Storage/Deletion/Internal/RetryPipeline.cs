using Polly;
using Polly.Retry;

namespace Resilience.Storage.Internal;

/// <summary>The pipeline around the tries to delete one file. Its waits hold neither a connection nor a transaction.</summary>
internal sealed class RetryPipeline(ResiliencePipeline pipeline, bool isOwn = false)
{
    /// <summary>Whether it lets the first try pass at once: one of the application's may want to hold it back.</summary>
    public bool IsOwn => isOwn;

    public ResiliencePipeline Pipeline => pipeline;

    public static RetryPipeline Create(FileDeletionOptions options, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.MaxRetries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = options.MaxRetries,
                ShouldHandle = static arguments => new ValueTask<bool>(arguments.Outcome.Exception is FileAttemptException { IsRetryable: true }),
                DelayGenerator = arguments => new ValueTask<TimeSpan?>(Backoff.After(arguments.AttemptNumber, options.RetryDelay, options.MaxRetryDelay)),
            });
        }

        return new(builder.Build(), isOwn: true);
    }
}
