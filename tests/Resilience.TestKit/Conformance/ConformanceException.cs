namespace Resilience.TestKit;

/// <summary>Conformance suites are incomplete; the message names each hole.</summary>
public sealed class ConformanceException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public ConformanceException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">The holes, one per line.</param>
    public ConformanceException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">The holes, one per line.</param>
    /// <param name="innerException">The cause.</param>
    public ConformanceException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
