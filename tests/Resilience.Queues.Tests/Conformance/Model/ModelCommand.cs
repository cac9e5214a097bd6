using FsCheck;
using FsCheck.Fluent;

namespace Resilience.Queues.Conformance.Model;

/// <summary>What a command does; the two numbers of a command choose whom it concerns and how much.</summary>
internal enum ModelOperation
{
    Enqueue,
    EnqueueNamed,
    EnqueueMany,
    Advance,
    AdvancePastLease,
    Claim,
    Acknowledge,
    Retry,
    DeadLetter,
    Release,
    SettleMany,
    Extend,
    Cancel,
    Reschedule,
    Cleanup,
    Redrive,
    Purge,
    PurgeAll,
    Disturb,
}

internal readonly record struct ModelCommand(ModelOperation Operation, int A, int B)
{
    private static readonly (int Weight, ModelOperation Operation)[] Weights =
    [
        (8, ModelOperation.Enqueue),
        (6, ModelOperation.EnqueueNamed),
        (3, ModelOperation.EnqueueMany),
        (10, ModelOperation.Advance),
        (4, ModelOperation.AdvancePastLease),
        (14, ModelOperation.Claim),
        (7, ModelOperation.Acknowledge),
        (8, ModelOperation.Retry),
        (3, ModelOperation.DeadLetter),
        (5, ModelOperation.Release),
        (3, ModelOperation.SettleMany),
        (4, ModelOperation.Extend),
        (4, ModelOperation.Cancel),
        (4, ModelOperation.Reschedule),
        (4, ModelOperation.Cleanup),
        (5, ModelOperation.Redrive),
        (1, ModelOperation.Purge),
        (1, ModelOperation.PurgeAll),
        (3, ModelOperation.Disturb),
    ];

    public static Arbitrary<ModelCommand[]> Lists(int length)
    {
        var command =
            from operation in Gen.Frequency(Weights.Select(static one => (one.Weight, Gen.Constant(one.Operation))))
            from a in Gen.Choose(0, 99)
            from b in Gen.Choose(0, 99)
            select new ModelCommand(operation, a, b);
        var lists = from count in Gen.Choose(1, length) from list in Gen.ArrayOf(command, count) select list;
        return Arb.From(lists, Shorter);
    }

    /// <summary>Shorter lists first by halves, then without one command: enough to find the few that matter.</summary>
    private static IEnumerable<ModelCommand[]> Shorter(ModelCommand[] list)
    {
        for (var size = list.Length / 2; size >= 1; size /= 2)
        {
            for (var start = 0; start + size <= list.Length; start += size)
            {
                yield return [.. list[..start], .. list[(start + size)..]];
            }
        }
    }
}
