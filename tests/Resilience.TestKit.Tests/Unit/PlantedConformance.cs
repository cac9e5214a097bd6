namespace Resilience.TestKit.Tests.Unit.Planted;

/// <summary>What the tests of the completeness check look at: a suite in order, and one class for each way to break it.</summary>
public interface IStore
{
    int Roundtrip(int value);
}

/// <summary>Abstract: needs no suite.</summary>
public abstract class StoreBase : IStore
{
    public virtual int Roundtrip(int value) => value;
}

public sealed class MemoryStore : StoreBase;

public sealed class FileStore<T> : StoreBase;

/// <summary>Exempt.</summary>
public sealed class NullStore : IStore
{
    public int Roundtrip(int value) => 0;
}

public sealed class Unrelated;

[ConformanceSuite(typeof(IStore))]
[NotConforming(typeof(NullStore), "stores nothing on purpose")]
public abstract class StoreConformance
{
    [Fact]
    public virtual void A_value_is_read_back() => Create().Roundtrip(3).ShouldBe(3);

    protected abstract IStore Create();
}

[Conforms(typeof(MemoryStore))]
public sealed class MemoryStoreConformanceTests : StoreConformance
{
    protected override IStore Create() => new MemoryStore();
}

[Conforms(typeof(FileStore<>))]
public sealed class FileStoreConformanceTests : StoreConformance
{
    protected override IStore Create() => new FileStore<int>();
}

[Conforms(typeof(MemoryStore))]
public sealed class WeakeningTests : StoreConformance
{
    [Fact]
    public override void A_value_is_read_back() => Create().ShouldNotBeNull();

    protected override IStore Create() => new MemoryStore();
}

public sealed class SilentTests : StoreConformance
{
    protected override IStore Create() => new MemoryStore();
}

[Conforms(typeof(Unrelated))]
public sealed class LyingTests : StoreConformance
{
    protected override IStore Create() => new MemoryStore();
}

[Conforms(typeof(MemoryStore))]
internal sealed class HiddenTests : StoreConformance
{
    protected override IStore Create() => new MemoryStore();
}

[ConformanceSuite(typeof(IStore))]
[NotConforming(typeof(Unrelated), "it never implemented it")]
public abstract class EmptyConformance;

[Conforms(typeof(MemoryStore))]
public sealed class EmptyTests : EmptyConformance;
