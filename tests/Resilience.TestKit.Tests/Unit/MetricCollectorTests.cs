using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Resilience.TestKit.Tests.Unit;

public sealed class MetricCollectorTests : IDisposable
{
    private readonly TestMeterFactory _factory = new();
    private readonly Meter _meter;
    private readonly MetricCollector _metrics;

    public MetricCollectorTests()
    {
        _meter = _factory.Create("Kit");
        _metrics = new MetricCollector(_factory, "Kit");
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _factory.Dispose();
    }

    [Fact]
    public void Two_factories_do_not_see_each_other()
    {
        using var other = new TestMeterFactory();
        using var otherMetrics = new MetricCollector(other, "Kit");
        other.Create("Kit").CreateCounter<long>("c").Add(5);
        _meter.CreateCounter<long>("c").Add(2);

        _metrics.Value("c").ShouldBe(2);
        otherMetrics.Value("c").ShouldBe(5);
    }

    [Fact]
    public void Another_meter_of_the_same_factory_is_seen_only_without_a_name()
    {
        using var all = new MetricCollector(_factory);
        _factory.Create("Other").CreateCounter<int>("c").Add(1);

        all.Count("c").ShouldBe(1);
        _metrics.Count("c").ShouldBe(0);
    }

    [Fact]
    public void Counters_are_summed_by_tags_and_histograms_are_listed()
    {
        var counter = _meter.CreateCounter<int>("rejected");
        counter.Add(1, new KeyValuePair<string, object?>("reason", "rate"), new("node", 1));
        counter.Add(2, new KeyValuePair<string, object?>("reason", "full"), new("node", 1));
        var depth = _meter.CreateUpDownCounter<double>("depth");
        depth.Add(5);
        depth.Add(-2);
        var duration = _meter.CreateHistogram<double>("duration", "s");
        duration.Record(0.5);
        duration.Record(0.25);

        _metrics.Value("rejected").ShouldBe(3);
        _metrics.Value("rejected", ("reason", "full"), ("node", 1)).ShouldBe(2);
        _metrics.Count("rejected", ("reason", "rate")).ShouldBe(1);
        _metrics.Value("rejected", ("reason", "none")).ShouldBe(0);
        _metrics.Value("depth").ShouldBe(3);
        _metrics.Values("duration").ShouldBe([0.5, 0.25]);
        Should.Throw<InvalidOperationException>(() => _metrics.Value("duration"));
    }

    [Fact]
    public void A_gauge_is_read_now_and_what_it_no_longer_reports_does_not_count()
    {
        var values = new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 };
        _meter.CreateObservableGauge("active", () => values.Select(pair => new Measurement<int>(pair.Value, new KeyValuePair<string, object?>("alert", pair.Key))));
        var pushed = _meter.CreateGauge<int>("pushed");
        pushed.Record(1);
        pushed.Record(7);

        _metrics.Value("active").ShouldBe(3);
        _metrics.Value("active", ("alert", "b")).ShouldBe(2);
        values.Remove("b");
        values["a"] = 4;
        _metrics.Value("active").ShouldBe(4);
        _metrics.Value("pushed").ShouldBe(7);
    }

    [Fact]
    public void An_instrument_that_does_not_exist_fails_and_the_others_are_named()
    {
        _meter.CreateCounter<int>("there");

        var error = Should.Throw<InvalidOperationException>(() => _metrics.Value("their"));

        error.Message.ShouldContain("there");
    }

    [Fact]
    public void Instruments_are_described_as_in_the_docs()
    {
        _meter.CreateCounter<int>("c", "{event}", "events");
        _meter.CreateUpDownCounter<int>("u");
        _meter.CreateHistogram<double>("h", "s");
        _meter.CreateObservableGauge("g", () => 1);
        _meter.CreateObservableCounter("o", () => 1);
        _meter.CreateObservableUpDownCounter("v", () => 1);

        _metrics.Instruments.Select(i => $"{i.Name}:{i.Kind}:{i.Unit}:{i.Observable}").ShouldBe(
            ["c:counter:{event}:False", "g:gauge::True", "h:histogram:s:False", "o:counter::True", "u:updowncounter::False", "v:updowncounter::True"]);
    }

    [Fact]
    public async Task A_test_can_wait_for_a_measurement()
    {
        var counter = _meter.CreateCounter<int>("c");
        var waiting = _metrics.WhenAsync(m => m.Value("c") >= 100);
        Parallel.For(0, 99, _ => counter.Add(1));
        waiting.IsCompleted.ShouldBeFalse();

        counter.Add(1);

        await waiting;
    }

    [Fact]
    public void The_factory_of_a_host_works_too()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using var metrics = new MetricCollector(factory, "Kit");

        factory.Create("Kit").CreateCounter<int>("c").Add(1);
        _meter.CreateCounter<int>("c").Add(1);

        metrics.Value("c").ShouldBe(1);
    }

    [Fact]
    public void The_factory_gives_one_meter_per_name_and_refuses_a_foreign_scope()
    {
        _factory.Create("Kit").ShouldBeSameAs(_meter);
        _factory.Create("Kit", "2").ShouldNotBeSameAs(_meter);
        _factory.Meters.ShouldBe(2);
        Should.Throw<InvalidOperationException>(() => _factory.Create(new MeterOptions("Kit") { Scope = this }));
        _factory.Dispose();
        Should.Throw<ObjectDisposedException>(() => _factory.Create("Kit"));
    }
}
