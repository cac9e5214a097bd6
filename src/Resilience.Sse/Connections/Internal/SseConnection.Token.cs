namespace Resilience.Sse;

internal sealed partial class SseConnection
{
    private byte _validating;

    /// <summary>From the visit that asks for it to its end, whatever comes of it.</summary>
    public bool IsValidating => Volatile.Read(ref _validating) == 1;

    public bool TryBeginValidation() => !IsClosing && Interlocked.CompareExchange(ref _validating, 1, 0) == 0;

    /// <summary>Counted at the end: who sees the count sees that the next validation may begin.</summary>
    public void EndValidation()
    {
        Volatile.Write(ref _validating, 0);
        Interlocked.Increment(ref _validations);
    }

    public void OnValidated(SseTokenStatus status, Exception? exception)
    {
        switch (status)
        {
            case SseTokenStatus.Valid:
                Volatile.Write(ref _validationFailures, 0);
                break;
            case SseTokenStatus.Expired:
                TryClose(SseCloseReason.TokenExpired);
                break;
            case SseTokenStatus.Revoked:
                TryClose(SseCloseReason.TokenRevoked);
                break;
            default:
                var failures = Interlocked.Increment(ref _validationFailures);
                Interlocked.Increment(ref _errors);
                node.CountError(ErrorKinds.Validation);
                SseLog.ValidationFailed(node.Logger, exception, Id, failures);
                if (failures >= node.Options.MaxConsecutiveFailures)
                {
                    TryClose(SseCloseReason.TokenUnverified);
                }

                break;
        }
    }

    /// <summary>Counts a failure of the producer; true when it was the last that is allowed.</summary>
    public bool OnProducerFailed(Exception exception, bool progressed)
    {
        if (progressed)
        {
            Volatile.Write(ref _producerFailures, 0);
        }

        var failures = Interlocked.Increment(ref _producerFailures);
        Interlocked.Increment(ref _errors);
        node.CountError(ErrorKinds.Producer);
        SseLog.ProducerFailed(node.Logger, exception, Id, settings.Name, failures);
        return failures >= node.Options.MaxConsecutiveFailures;
    }

    public void OnProduced()
    {
        Volatile.Write(ref _producerFailures, 0);
        CountReceived();
    }
}
