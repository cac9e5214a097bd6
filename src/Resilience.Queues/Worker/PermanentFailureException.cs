namespace Resilience.Queues;

/// <summary>Thrown by a handler when trying again is of no use: the message becomes a dead letter at once.</summary>
public sealed class PermanentFailureException : Exception
{
    /// <summary>Creates the exception.</summary>
    public PermanentFailureException()
        : this("The message can never be handled.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What is kept in the history of the dead letter.</param>
    public PermanentFailureException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">What is kept in the history of the dead letter.</param>
    /// <param name="innerException">The cause.</param>
    public PermanentFailureException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
