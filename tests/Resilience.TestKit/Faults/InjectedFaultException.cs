namespace Resilience.TestKit;

/// <summary>The failure that a <see cref="FaultScript"/> injects unless it was given another: an I/O error.</summary>
public sealed class InjectedFaultException : IOException
{
    /// <summary>Creates the exception.</summary>
    public InjectedFaultException()
        : base("Injected fault.")
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Where it was injected.</param>
    public InjectedFaultException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Where it was injected.</param>
    /// <param name="innerException">The cause.</param>
    public InjectedFaultException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
