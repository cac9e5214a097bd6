namespace Resilience.TestKit;

/// <summary>A wait of a test took longer than ten times the expected time. The message names what was awaited and where.</summary>
public sealed class WatchdogException : TimeoutException
{
    /// <summary>Creates the exception without a message.</summary>
    public WatchdogException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was awaited, how long, and where.</param>
    public WatchdogException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was awaited, how long, and where.</param>
    /// <param name="innerException">What made the wait fail.</param>
    public WatchdogException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
