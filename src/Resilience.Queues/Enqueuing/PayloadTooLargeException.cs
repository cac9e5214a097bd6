namespace Resilience.Queues;

/// <summary>A payload is larger than <see cref="DelayedQueueOptions.MaxPayloadBytes"/>. Keep the content elsewhere and enqueue its id, or raise the limit.</summary>
public sealed class PayloadTooLargeException : ArgumentException
{
    /// <summary>Creates the exception.</summary>
    public PayloadTooLargeException()
        : this("The payload is too large.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">The message.</param>
    public PayloadTooLargeException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">The message.</param>
    /// <param name="innerException">The cause.</param>
    public PayloadTooLargeException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates the exception; for stores.</summary>
    /// <param name="bytes">The size of the payload.</param>
    /// <param name="limit">The limit.</param>
    public PayloadTooLargeException(long bytes, long limit)
        : this($"The payload has {bytes} bytes and MaxPayloadBytes is {limit}; keep the content elsewhere and enqueue its id, or raise MaxPayloadBytes.")
    {
    }
}
