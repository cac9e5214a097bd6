namespace Resilience.Queues;

/// <summary>The queue was full and the caller asked for an exception by <see cref="EnqueueResult.EnsureAccepted"/>.</summary>
public sealed class QueueFullException : Exception
{
    /// <summary>Creates the exception.</summary>
    public QueueFullException()
        : this("The queue is full.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">The message.</param>
    public QueueFullException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">The message.</param>
    /// <param name="innerException">The cause.</param>
    public QueueFullException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal QueueFullException(EnqueueResult result)
        : this($"The queue refused the message ({result.Status}): it holds {result.Size} messages. Try again later, raise MaxSize, or set FullMode to Wait.")
    {
        Result = result;
    }

    /// <summary>The answer of the queue.</summary>
    public EnqueueResult Result { get; }
}
