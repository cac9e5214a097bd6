using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Resilience.House.Tests.Docs;

/// <summary>The telemetry tables of the docs equal the real instruments and events.</summary>
public sealed partial class TelemetryTableTests
{
    private static readonly Dictionary<string, int> FirstEventId = new()
    {
        ["Resilience.Sse"] = 1000,
        ["Resilience.Sse.Redis"] = 1500,
        ["Resilience.Queues"] = 2000,
        ["Resilience.Queues.Redis"] = 2500,
        ["Resilience.Storage"] = 3000,
        ["Resilience.Data"] = 4000,
        ["Resilience.Data.Redis"] = 4500,
        ["Resilience.Data.Testing"] = 4800,
        ["Resilience.Cleanup"] = 5000,
    };

    [Theory]
    [MemberData(nameof(Package.Filled), MemberType = typeof(Package))]
    public void Every_instrument_stands_in_the_docs_with_kind_and_unit(string name)
    {
        var package = Package.Named(name);
        var documented = Tables.Below(package.Docs(), "## Telemetry")
            .Where(static row => row.Length >= 3 && Tables.Code(row[0]).Any(static code => code.StartsWith("resilience.", StringComparison.Ordinal) || code.StartsWith("db.", StringComparison.Ordinal)))
            .ToDictionary(static row => Tables.Code(row[0]).First(), static row => $"{row[1]} {row[2].Trim('`')}");

        var faults = new List<string>();
        foreach (var instrument in Instruments(package.Assembly))
        {
            var actual = $"{Kind(instrument)} {instrument.Unit}";
            if (string.IsNullOrEmpty(instrument.Unit) || string.IsNullOrEmpty(instrument.Description))
            {
                faults.Add($"{instrument.Name} lacks a unit or a description");
            }

            if (instrument.Meter.Name != name)
            {
                faults.Add($"{instrument.Name} belongs to the meter {instrument.Meter.Name}, not to {name}");
            }

            if (documented.GetValueOrDefault(instrument.Name) != actual)
            {
                faults.Add($"{instrument.Name} is a '{actual}', the page says '{documented.GetValueOrDefault(instrument.Name) ?? "nothing"}'");
            }
        }

        faults.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Package.Filled), MemberType = typeof(Package))]
    public void Every_log_event_stands_in_the_docs_and_keeps_its_range(string name)
    {
        var package = Package.Named(name);
        var first = FirstEventId[name];
        var documented = Tables.Below(package.Docs(), "## Telemetry").Where(static row => row.Length >= 3).Select(static row => $"{row[0]} {row[1]} {row[2].Trim('`')}").ToHashSet();

        var events = package.Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(static method => (method.Name, Message: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(static item => item.Message is not null)
            .Select(static item => (item.Message!.EventId, item.Message.Level, Name: item.Message.EventName ?? item.Name))
            .ToArray();

        events.Where(item => item.EventId < first || item.EventId >= first + 500).ShouldBeEmpty($"ids of {name} start at {first}");
        events.GroupBy(static item => item.EventId).Where(static group => group.Count() > 1).Select(static group => group.Key).ShouldBeEmpty("an id belongs to one event");
        events.Select(static item => string.Create(CultureInfo.InvariantCulture, $"{item.EventId} {item.Level} {item.Name}")).Where(line => !documented.Contains(line)).ShouldBeEmpty("rows missing under ## Telemetry");
    }

    [Fact]
    public void Every_metric_that_the_Prometheus_rules_name_is_exported()
    {
        var exported = Package.Filled.SelectMany(static row => Instruments(Package.Named(row.Data).Assembly)).SelectMany(Exported).ToHashSet(StringComparer.Ordinal);
        var named = PrometheusName().Matches(Repository.Read("docs/prometheus-rules.yml")).Select(static match => match.Value).ToHashSet(StringComparer.Ordinal);

        named.Count.ShouldBeGreaterThan(3);
        named.Except(exported).ShouldBeEmpty();
    }

    /// <summary>The names that a meter's exporter for Prometheus gives to an instrument: dots become underscores, then come the unit and the kind.</summary>
    private static IEnumerable<string> Exported(Instrument instrument)
    {
        var unit = instrument.Unit switch { "s" => "_seconds", "ms" => "_milliseconds", "By" => "_bytes", "1" => "_ratio", _ => "" };
        var name = instrument.Name.Replace('.', '_') + unit;
        return Kind(instrument) switch
        {
            "counter" => [name + "_total"],
            "histogram" => [name + "_bucket", name + "_count", name + "_sum"],
            _ => [name],
        };
    }

    [GeneratedRegex("(resilience|db)_[a-z_]+")]
    private static partial Regex PrometheusName();

    /// <summary>Constructs each metrics class of an assembly with a meter factory of its own and returns what it created.</summary>
    private static List<Instrument> Instruments(Assembly assembly)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var instruments = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    instruments.Add(instrument);
                }
            },
        };
        listener.Start();
        foreach (var type in assembly.GetTypes().Where(static type => type.Name.EndsWith("Metrics", StringComparison.Ordinal) && type is { IsClass: true, IsAbstract: false, IsPublic: false }))
        {
            var constructor = type.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance).Single();
            constructor.GetParameters().Select(static parameter => parameter.ParameterType).ShouldBe([typeof(IMeterFactory)], $"{type.Name} takes only IMeterFactory");
            constructor.Invoke([factory]);
        }

        return instruments;
    }

    private static string Kind(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" or "ObservableCounter" => "counter",
        "UpDownCounter" or "ObservableUpDownCounter" => "updowncounter",
        "Histogram" => "histogram",
        _ => "gauge",
    };
}
