namespace Resilience.TestKit;

/// <summary>A program that the tests need is not installed. That is a failure, never a skip; the message names the Debian package.</summary>
public sealed class MissingProgramException : InvalidOperationException
{
    /// <summary>Creates the exception without a message.</summary>
    public MissingProgramException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is missing.</param>
    public MissingProgramException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is missing.</param>
    /// <param name="innerException">How it was noticed.</param>
    public MissingProgramException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="program">Name of the program.</param>
    /// <param name="package">The Debian package that holds it.</param>
    public MissingProgramException(string program, string package)
        : base($"{program} was not found. Install the Debian package {package} (apt-get install {package}); ./test.sh does that by itself.")
    {
    }
}
