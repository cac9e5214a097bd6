using System.Runtime.ExceptionServices;

namespace Resilience.Data;

/// <summary>The outcome of a load for one key: a value, none, or an error.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
/// <param name="State">Which of the three.</param>
/// <param name="Value">The value when <see cref="State"/> is <see cref="LoadState.Found"/>.</param>
/// <param name="Error">The error when <see cref="State"/> is <see cref="LoadState.Failed"/>.</param>
public readonly record struct Loaded<T>(LoadState State, T? Value = default, Exception? Error = null)
{
    /// <summary>Gets the value, or the default when there is none.</summary>
    /// <exception cref="Exception">The error of the load, when it failed.</exception>
    public T? ValueOrDefault
    {
        get
        {
            if (Error is not null)
            {
                ExceptionDispatchInfo.Throw(Error);
            }

            return Value;
        }
    }
}
