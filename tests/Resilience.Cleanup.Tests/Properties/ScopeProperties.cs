using FsCheck;
using FsCheck.Fluent;

namespace Resilience.Cleanup.Tests.Properties;

public sealed class ScopeProperties
{
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(500);

    private enum Ending
    {
        Succeeds,
        Throws,
        ThrowsAsynchronously,
        ReturnsNull,
        IsCancelled,
        Yields,
        SucceedsSynchronously,
        ThrowsSynchronously,
    }

    /// <summary>Cleanup S3.</summary>
    [Fact]
    public void Every_step_runs_whatever_subset_of_them_fails() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), static bytes =>
        {
            var scope = new CleanupScope();
            var ran = new List<int>();
            var endings = bytes.Select(static b => (Ending)(b % 8)).ToArray();
            for (var i = 0; i < endings.Length; i++)
            {
                Register(scope, ran, i, endings[i]);
            }

            var report = scope.CleanupAsync().AsTask().GetAwaiter().GetResult();

            var failures = endings.Count(static e => e is not (Ending.Succeeds or Ending.Yields or Ending.SucceedsSynchronously));
            return ran.SequenceEqual(Enumerable.Range(0, endings.Length).Reverse())
                && report.Failed == failures && report.Failures.Count == failures && report.Succeeded == endings.Length - failures;
        }).Check(Config);

    /// <summary>Cleanup S2: random registering, releasing and running early, against a list.</summary>
    [Fact]
    public void Registering_releasing_and_running_early_leave_what_a_list_would_leave() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte Kind, byte Which)[]>(), static operations =>
        {
            var scope = new CleanupScope();
            var ran = new List<int>();
            var model = new List<int>();
            var expected = new List<int>();
            var handles = new List<CleanupHandle>();
            foreach (var (kind, which) in operations)
            {
                if (kind % 4 < 2 || handles.Count == 0)
                {
                    model.Add(handles.Count);
                    handles.Add(scope.Defer((ran, handles.Count), static s => s.ran.Add(s.Count)));
                    continue;
                }

                var id = which % handles.Count;
                var present = model.Remove(id);
                var done = kind % 4 == 2 ? handles[id].Release() : handles[id].RunNowAsync().AsTask().GetAwaiter().GetResult();
                if (done != present)
                {
                    return false;
                }

                if (present && kind % 4 == 3)
                {
                    expected.Add(id);
                }
            }

            var report = scope.CleanupAsync().AsTask().GetAwaiter().GetResult();
            expected.AddRange(model.AsEnumerable().Reverse());
            return ran.SequenceEqual(expected) && report.Steps == expected.Count;
        }).Check(Config);

    private static void Register(CleanupScope scope, List<int> ran, int id, Ending ending)
    {
        if (ending is Ending.SucceedsSynchronously or Ending.ThrowsSynchronously)
        {
            scope.Defer(0, _ =>
            {
                ran.Add(id);
                if (ending == Ending.ThrowsSynchronously)
                {
                    throw new InvalidOperationException();
                }
            });
            return;
        }

        scope.Defer(0, (_, _) =>
        {
            ran.Add(id);
            return ending switch
            {
                Ending.Throws => throw new InvalidOperationException(),
                Ending.ThrowsAsynchronously => ThrowAsync(),
                Ending.ReturnsNull => new ValueTask((Task)null!),
                Ending.IsCancelled => new ValueTask(Task.FromCanceled(new CancellationToken(canceled: true))),
                Ending.Yields => YieldAsync(),
                _ => ValueTask.CompletedTask,
            };
        });
    }

    private static async ValueTask ThrowAsync()
    {
        await Task.Yield();
        throw new InvalidDataException();
    }

    private static async ValueTask YieldAsync() => await Task.Yield();
}
