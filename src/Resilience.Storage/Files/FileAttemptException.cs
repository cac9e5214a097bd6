namespace Resilience.Storage;

/// <summary>A file could not be deleted. This is what a retry pipeline of your own sees.</summary>
public sealed class FileAttemptException : IOException
{
    /// <summary>Creates the exception without a code.</summary>
    public FileAttemptException()
        : this("unknown", isRetryable: true)
    {
    }

    /// <summary>Creates the exception from a code; another try may help.</summary>
    /// <param name="errorCode">A short code, such as <c>EACCES</c>.</param>
    public FileAttemptException(string errorCode)
        : this(errorCode, isRetryable: true)
    {
    }

    /// <summary>Creates the exception around what a store threw; another try may help.</summary>
    /// <param name="errorCode">A short code.</param>
    /// <param name="innerException">What the store threw.</param>
    public FileAttemptException(string errorCode, Exception? innerException)
        : this(errorCode, isRetryable: true, innerException)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="errorCode">A short code, such as <c>EACCES</c>.</param>
    /// <param name="isRetryable">Whether another try can help.</param>
    /// <param name="innerException">What the store threw, if anything.</param>
    public FileAttemptException(string errorCode, bool isRetryable, Exception? innerException = null)
        : base($"The file could not be deleted: {errorCode}.", innerException)
    {
        ErrorCode = errorCode;
        IsRetryable = isRetryable;
    }

    /// <summary>A short code from a small set: the name of the system's error, or the library's own (<c>link</c>, <c>identity_changed</c>).</summary>
    public string ErrorCode { get; }

    /// <summary>Whether another try can help.</summary>
    public bool IsRetryable { get; }
}
