using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Shared;

namespace Resilience.Queues;

internal sealed partial class QueueWorker<T>
{
    private static readonly ActivitySource Source = new(QueuesTelemetryNames.ActivitySourceName);

    /// <summary>Runs the handler and decides how the delivery ends. Never throws.</summary>
    private async Task<Settlement> HandleAsync(RunningDelivery<T> running)
    {
        var delivery = running.Delivery;
        using var activity = StartActivity(delivery);
        var context = new DeliveryContext
        {
            Queue = _queue.Name,
            Id = delivery.Id,
            Attempt = delivery.Attempt,
            Deliveries = delivery.Deliveries,
            IsSuspect = delivery.IsSuspect,
            EnqueuedAt = delivery.EnqueuedAt,
            DueAt = delivery.DueAt,
            Lateness = delivery.Lateness,
        };
#pragma warning disable CA1031 // A handler may throw anything; that is what retries are for.
        try
        {
            var scope = _scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(Systematic.KeepContext))
            {
                await _handler(scope.ServiceProvider).HandleAsync(delivery.Item, context, running.LeaseLost).ConfigureAwait(Systematic.KeepContext);
            }

            return Decide(running, context);
        }
        catch (OperationCanceledException) when (running.IsStopping)
        {
            return Settle(running, SettlementKind.Release);
        }
        catch (Exception error)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            Telling.Guard(() => QueuesLog.HandlerFailed(_logger, error, _queue.Name, delivery.Attempt));
            return Fail(running, context, error);
        }
#pragma warning restore CA1031
    }

    private static Activity? StartActivity(Delivery<T> delivery)
    {
        var hasParent = ActivityContext.TryParse(delivery.TraceParent, delivery.TraceState, isRemote: true, out var parent);
        Activity? activity = null;
        Telling.Guard(() => activity = Source.StartActivity("resilience.queues.process", ActivityKind.Consumer, hasParent ? parent : default));
        return activity;
    }

    private Settlement Decide(RunningDelivery<T> running, DeliveryContext context)
    {
        if (context.Rejection is { } rejection)
        {
            return Settle(running, SettlementKind.DeadLetter, error: rejection);
        }

        return context.IsRetryRequested
            ? Settle(running, SettlementKind.Retry, Delay(running, context), "The handler asked for another try.")
            : Settle(running, SettlementKind.Acknowledge);
    }

    private Settlement Fail(RunningDelivery<T> running, DeliveryContext context, Exception error)
    {
        var text = $"{error.GetType().Name}: {error.Message}";
        return context.Rejection is null && Classify(error) == FailureKind.Retryable
            ? Settle(running, SettlementKind.Retry, Delay(running, context), text)
            : Settle(running, SettlementKind.DeadLetter, error: context.Rejection ?? text);
    }

    private FailureKind Classify(Exception error)
    {
        if (error is PermanentFailureException)
        {
            return FailureKind.Permanent;
        }

#pragma warning disable CA1031 // A classifier that fails says nothing, and nothing must be lost: the message is tried again.
        try
        {
            return _options.Classify?.Invoke(error) ?? FailureKind.Retryable;
        }
        catch (Exception)
        {
            return FailureKind.Retryable;
        }
#pragma warning restore CA1031
    }

    private TimeSpan Delay(RunningDelivery<T> running, DeliveryContext context)
    {
        var asked = context.RetryDelay is { } delay && delay > _queue.Options.MaxDelay ? _queue.Options.MaxDelay : context.RetryDelay;
        return _queue.RetryDelay(running.Delivery.Failures, asked);
    }

    private Settlement Settle(RunningDelivery<T> running, SettlementKind kind, TimeSpan delay = default, string? error = null) =>
        new(running.Delivery.Key, running.Delivery.Token, kind, delay, DeadLetterReason.Permanent, _queue.Shorten(error));

    private static string ResultText(SettlementKind kind) => kind switch
    {
        SettlementKind.Acknowledge => "success",
        SettlementKind.Release => "released",
        SettlementKind.Retry => "retry",
        _ => "failure",
    };
}
