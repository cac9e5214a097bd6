namespace Resilience.Data.Testing;

/// <summary>An assertion about queries or indexes does not hold. Every test framework reports it as a failure.</summary>
public sealed class DataAssertException : Exception
{
    /// <summary>Initializes a new instance of the <see cref="DataAssertException"/> class.</summary>
    public DataAssertException()
    {
    }

    /// <summary>Initializes a new instance of the <see cref="DataAssertException"/> class.</summary>
    /// <param name="message">What was expected and what was found.</param>
    public DataAssertException(string message)
        : base(message)
    {
    }

    /// <summary>Initializes a new instance of the <see cref="DataAssertException"/> class.</summary>
    /// <param name="message">What was expected and what was found.</param>
    /// <param name="innerException">The cause.</param>
    public DataAssertException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
