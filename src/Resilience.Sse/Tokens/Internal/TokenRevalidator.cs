using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Sse;

/// <summary>
/// Asks the application's validator about open streams, a bounded number at a time, never on the path that writes. Thread-safe. A validation under way is not
/// started again; one that hangs is counted as failed when its time is over, whether it obeys its token or not, and whether it waits or blocks its thread.
/// </summary>
internal sealed class TokenRevalidator(IServiceScopeFactory scopes, IServiceProviderIsService services) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private SemaphoreSlim? _places;
    private SseNode? _node;

    public bool IsEnabled { get; } = services.IsService(typeof(ISseTokenValidator));

    public void Attach(SseNode node)
    {
        _node = node;
        _places = new SemaphoreSlim(node.Options.MaxConcurrentValidations);
    }

    public void Start(SseConnection connection)
    {
        if (connection.TryBeginValidation())
        {
            _ = RunAsync(connection);
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
        _places?.Dispose();
    }

    private async Task RunAsync(SseConnection connection)
    {
        // Away from the wheel's thread before anybody's code runs.
        await Task.Yield();
        try
        {
            await _places!.WaitAsync(_stopping.Token).ConfigureAwait(Systematic.KeepContext);
            try
            {
                await ValidateAsync(connection).ConfigureAwait(Systematic.KeepContext);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The manager is gone: nobody is left to be told.
        }
        finally
        {
            connection.EndValidation();
        }
    }

    private async Task ValidateAsync(SseConnection connection)
    {
        SseTokenStatus status;
        Exception? exception = null;
        var answer = SseTokenStatus.Unknown;
        var call = new CancellationTokenSource(_node!.Options.TokenValidationTimeout, _node.Clock.Time);

        // On a thread of its own: one that blocks it is given up like one that waits.
        var asking = Systematic.Start(async () => answer = await AskAsync(connection, call).ConfigureAwait(Systematic.KeepContext));
        try
        {
            await asking.WaitAsync(_node.Options.TokenValidationTimeout, _node.Clock.Time, _stopping.Token).ConfigureAwait(Systematic.KeepContext);
            status = answer;
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            status = SseTokenStatus.Unknown;
            exception = e;
        }

        _node.Metrics.Validation(status switch
        {
            SseTokenStatus.Valid => "valid",
            SseTokenStatus.Expired => "expired",
            SseTokenStatus.Revoked => "revoked",
            _ => "unknown",
        });
        connection.OnValidated(status, exception);
    }

    private async Task<SseTokenStatus> AskAsync(SseConnection connection, CancellationTokenSource call)
    {
        using (call)
        {
            var scope = scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(Systematic.KeepContext))
            {
                var validator = scope.ServiceProvider.GetRequiredService<ISseTokenValidator>();
                return await validator.ValidateAsync(new SseTokenContext(connection.Describe(), connection.User), call.Token)
                    .ConfigureAwait(Systematic.KeepContext);
            }
        }
    }
}
