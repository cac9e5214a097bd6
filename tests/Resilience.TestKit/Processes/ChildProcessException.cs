namespace Resilience.TestKit;

/// <summary>A child process ended although the test expected something of it. The message holds its exit code and its last output.</summary>
public sealed class ChildProcessException : InvalidOperationException
{
    /// <summary>Creates the exception without a message.</summary>
    public ChildProcessException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Exit code and last output.</param>
    public ChildProcessException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Exit code and last output.</param>
    /// <param name="innerException">How it was noticed.</param>
    public ChildProcessException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
