using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Resilience.TestKit;

/// <summary>
/// Bounds every wait of a test, so that a fault shows as a failure that says what was awaited and where, never as a run that hangs.
/// </summary>
/// <remarks>
/// A wait may take ten times the expected time: a loaded machine must not fail a test, and a passing test never waits for the bound. With a debugger attached
/// there is no bound. All members are thread-safe. The environment variable <c>RESILIENCE_WATCHDOG_FACTOR</c> replaces the factor of ten.
/// </remarks>
public static class Watchdog
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    /// <summary>How many times the expected time a wait may take.</summary>
    /// <value>10, unless <c>RESILIENCE_WATCHDOG_FACTOR</c> says otherwise.</value>
    public static double Factor { get; } =
        double.TryParse(Environment.GetEnvironmentVariable("RESILIENCE_WATCHDOG_FACTOR"), NumberStyles.Float, CultureInfo.InvariantCulture, out var factor) && factor > 0
            ? factor
            : 10;

    /// <summary>The time that a wait is expected to take when the caller names none.</summary>
    /// <value>3 s, so the default bound is 30 s.</value>
    public static TimeSpan DefaultExpected { get; } = TimeSpan.FromSeconds(3);

    /// <summary>Waits for a task, at most ten times the expected time.</summary>
    /// <param name="task">What is awaited. Its own exception or cancellation is passed on.</param>
    /// <param name="expected">The time it takes on a machine that is free; <see cref="DefaultExpected"/> when null.</param>
    /// <param name="what">Named in the failure; the text of the awaited expression by default.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="WatchdogException">The task did not end in time. It keeps running.</exception>
    public static async Task Within(
        this Task task,
        TimeSpan? expected = null,
        [CallerArgumentExpression(nameof(task))] string what = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (!task.IsCompleted)
        {
            var limit = Limit(expected);
            using var timer = new CancellationTokenSource();
            if (await Task.WhenAny(task, Task.Delay(limit, TimeProvider.System, timer.Token)).ConfigureAwait(false) != task)
            {
                throw Failure(what, limit, file, line, detail: null);
            }

            // Never on the thread that completed the task: the test that goes on would hold up what it tests.
            await timer.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        await task.ConfigureAwait(false);
    }

    /// <inheritdoc cref="Within(Task, TimeSpan?, string, string, int)"/>
    /// <typeparam name="T">The task's result.</typeparam>
    public static async Task<T> Within<T>(
        this Task<T> task,
        TimeSpan? expected = null,
        [CallerArgumentExpression(nameof(task))] string what = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        await Within((Task)task, expected, what, file, line).ConfigureAwait(false);
        return await task.ConfigureAwait(false);
    }

    /// <inheritdoc cref="Within(Task, TimeSpan?, string, string, int)"/>
    public static Task Within(
        this ValueTask task,
        TimeSpan? expected = null,
        [CallerArgumentExpression(nameof(task))] string what = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) => Within(task.AsTask(), expected, what, file, line);

    /// <inheritdoc cref="Within(Task, TimeSpan?, string, string, int)"/>
    /// <typeparam name="T">The task's result.</typeparam>
    public static Task<T> Within<T>(
        this ValueTask<T> task,
        TimeSpan? expected = null,
        [CallerArgumentExpression(nameof(task))] string what = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) => Within(task.AsTask(), expected, what, file, line);

    /// <summary>
    /// Waits until a condition holds that gives no signal (a file, another process, a server), by asking every 5 ms. Where there is a signal, await that instead.
    /// </summary>
    /// <param name="condition">Asked on the caller's context; an exception ends the wait.</param>
    /// <param name="expected">The time it takes on a machine that is free; <see cref="DefaultExpected"/> when null.</param>
    /// <param name="detail">Called once when the wait fails; says what was seen last.</param>
    /// <param name="what">Named in the failure; the text of the condition by default.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="WatchdogException">The condition did not hold in time.</exception>
    public static Task UntilAsync(
        Func<bool> condition,
        TimeSpan? expected = null,
        Func<string>? detail = null,
        [CallerArgumentExpression(nameof(condition))] string what = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        UntilAsync(() => ValueTask.FromResult(condition()), expected, detail, what, file, line);

    /// <inheritdoc cref="UntilAsync(Func{bool}, TimeSpan?, Func{string}?, string, string, int)"/>
    public static async Task UntilAsync(
        Func<ValueTask<bool>> condition,
        TimeSpan? expected = null,
        Func<string>? detail = null,
        [CallerArgumentExpression(nameof(condition))] string what = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var limit = Limit(expected);
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition().AsTask().Within(expected, what, file, line).ConfigureAwait(false))
        {
            if (limit != Timeout.InfiniteTimeSpan && TimeProvider.System.GetElapsedTime(start) > limit)
            {
                throw Failure(what, limit, file, line, detail?.Invoke());
            }

            await Task.Delay(Poll, TimeProvider.System).ConfigureAwait(false);
        }
    }

    internal static TimeSpan Limit(TimeSpan? expected) => Debugger.IsAttached ? Timeout.InfiniteTimeSpan : (expected ?? DefaultExpected) * Factor;

    private static WatchdogException Failure(string what, TimeSpan limit, string file, int line, string? detail) =>
        new(string.Create(
            CultureInfo.InvariantCulture,
            $"Waited {limit.TotalSeconds:0.###} s in vain for: {what}{(file.Length == 0 ? "" : $" ({Path.GetFileName(file)}:{line})")}{(detail is null ? "" : $". Last seen: {detail}")}"));
}
