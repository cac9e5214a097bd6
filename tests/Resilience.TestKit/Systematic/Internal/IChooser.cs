namespace Resilience.TestKit.Systematic.Internal;

/// <summary>Chooses the next strand. One instance serves one schedule at a time; everything follows from the seed.</summary>
internal interface IChooser
{
    void Begin(ulong seed, int expectedSteps);

    void TaskCreated(LogicalTask task);

    /// <summary>The index of the strand that runs next. Called for every step, even when there is only one.</summary>
    int Choose(List<Strand> ready, int step);

    /// <summary>The task gives way: others should run before it does.</summary>
    void Yielded(LogicalTask task);
}
