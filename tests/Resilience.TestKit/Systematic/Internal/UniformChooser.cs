namespace Resilience.TestKit.Systematic.Internal;

internal sealed class UniformChooser : IChooser
{
    private SplitMix _random;

    public void Begin(ulong seed, int expectedSteps) => _random = new SplitMix(seed);

    public void TaskCreated(LogicalTask task)
    {
    }

    public int Choose(List<Strand> ready, int step) => ready.Count == 1 ? 0 : _random.Below(ready.Count);

    public void Yielded(LogicalTask task)
    {
    }
}
