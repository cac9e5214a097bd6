using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit.v3;

namespace Messaging.Tests.Unit;

/// <summary>Whatever touches the application runs on both databases: as two classes on fixtures of their own, or as a theory over the names of the databases.</summary>
public sealed class BothDatabasesTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>What runs on one database only, and why. A class, or one test of it.</summary>
    private static readonly Dictionary<string, string> OneOnly = new(StringComparer.Ordinal)
    {
        ["LookTests"] = "judges colours and widths, which no database changes",
        ["SeveralNodesTests"] = "several nodes need a database on a server",
        ["SchedulingRedisTests.Two_nodes_send_each_message_once"] = "several nodes need a database on a server",
        ["ChannelListTests.With_Redis_a_change_on_one_node_is_in_the_list_of_another"] = "several nodes need a database on a server",
    };

    private static readonly string[] Databases = [AppHome.Sqlite, AppHome.PostgreSql];

    [Fact]
    public void Every_test_with_an_application_runs_on_both_databases_or_says_why_not()
    {
        var onOne = new List<string>();
        var applications = 0;
        foreach (var type in typeof(BothDatabasesTests).Assembly.GetExportedTypes().Where(static type => type is { IsClass: true, IsAbstract: false } && TestsOf(type).Any()))
        {
            applications += UsesApplication(type) ? 1 : 0;
            onOne.AddRange(OnOne(type));
        }

        // The search itself sees the classes that are known to have applications.
        applications.ShouldBeGreaterThan(40);
        onOne.Where(static test => !IsListed(test)).ShouldBeEmpty("These run on one database only: give them both (AppHome.CreateAsync(database)), or a reason in the list.");
        OneOnly.Keys.Where(entry => !onOne.Exists(test => test == entry || test.StartsWith(entry + ".", StringComparison.Ordinal))).ShouldBeEmpty("These need no reason any more.");
    }

    [Theory]
    [InlineData(typeof(OneFact), "OneFact.Starts")]
    [InlineData(typeof(OneHelper), "OneHelper.Starts_by_a_helper")]
    [InlineData(typeof(OneRow), "OneRow.Starts")]
    [InlineData(typeof(OneFixture), "OneFixture.Uses")]
    [InlineData(typeof(SqliteAlone), "SqliteAlone.Uses")]
    [InlineData(typeof(BothRows), null)]
    [InlineData(typeof(BothMembers), null)]
    [InlineData(typeof(NoApplication), null)]
    public void The_search_finds_an_application_wherever_it_is(Type type, string? found) =>
        OnOne(type).ShouldBe(found is null ? [] : [found]);

    private static bool IsListed(string test) => OneOnly.ContainsKey(test) || OneOnly.ContainsKey(test[..test.IndexOf('.', StringComparison.Ordinal)]);

    private static IEnumerable<MethodInfo> TestsOf(Type type) =>
        type.GetMethods(BindingFlags.Public | BindingFlags.Instance).Where(static method => method.GetCustomAttributes().OfType<IFactAttribute>().Any());

    private static List<string> OnOne(Type type)
    {
        if (!UsesApplication(type) || IsOneOfTwo(type))
        {
            return [];
        }

        var tests = new List<string>();
        foreach (var method in TestsOf(type))
        {
            var rows = new List<string>();
            foreach (var source in method.GetCustomAttributes().OfType<DataAttribute>())
            {
                rows.AddRange(TextsOf(source, type));
            }

            if (Databases.Except(rows, StringComparer.Ordinal).Any())
            {
                tests.Add($"{type.Name}.{method.Name}");
            }
        }

        return tests;
    }

    private static IEnumerable<string> TextsOf(DataAttribute source, Type type) => source switch
    {
        InlineDataAttribute inline => inline.Data.OfType<string>(),
        MemberDataAttribute member => ((IEnumerable)type.GetProperty(member.MemberName, All | BindingFlags.FlattenHierarchy)!.GetValue(null)!).Cast<object>()
            .SelectMany(static row => row is ITheoryDataRow data ? data.GetData() : (object?[])row).OfType<string>(),
        _ => throw new NotSupportedException($"{source.GetType().Name} of {type.Name} is not read here."),
    };

    /// <summary>SqliteXTests and PostgreSqlXTests over XTests, each on a fixture of its database if it has one.</summary>
    private static bool IsOneOfTwo(Type type) => type.BaseType is { IsAbstract: true } tests && Databases.All(database =>
        tests.Assembly.GetType($"{tests.Namespace}.{database}{tests.Name}") is { } one && one.BaseType == tests
        && one.GetConstructors().Single().GetParameters().All(parameter => parameter.ParameterType.Name.Contains(database, StringComparison.Ordinal)));

    /// <summary>An application is a field, a parameter, a result, or something that is kept or awaited in a method, of the class, of its bases or of what the compiler made of them.</summary>
    private static bool UsesApplication(Type type)
    {
        for (var at = type; at is not null && at.Assembly == type.Assembly; at = at.BaseType)
        {
            if (Parts(at).Any(static part => Mentioned(part).Any(IsApplication)))
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<Type> Parts(Type type) =>
        type.GetNestedTypes(All).Where(static nested => nested.IsDefined(typeof(CompilerGeneratedAttribute))).SelectMany(Parts).Append(type);

    private static IEnumerable<Type> Mentioned(Type type) =>
    [
        .. type.GetFields(All).Select(static field => field.FieldType),
        .. type.GetConstructors(All).SelectMany(static constructor => constructor.GetParameters()).Select(static parameter => parameter.ParameterType),
        .. type.GetMethods(All).SelectMany(static method => method.GetParameters().Select(static parameter => parameter.ParameterType).Append(method.ReturnType)),
    ];

    private static bool IsApplication(Type type) =>
        type == typeof(TestApp) || type == typeof(AppHome) || type.IsAssignableTo(typeof(MessagingFixture)) || type.IsAssignableTo(typeof(ClockedFixture))
        || type.IsAssignableTo(typeof(Browser.ChromiumFixture)) || (type.IsGenericType && type.GetGenericArguments().Any(IsApplication));

#pragma warning disable xUnit1000, xUnit1041 // What the search is tried on is never run: these classes are private.
    private sealed class OneFact
    {
        [Fact]
        public async Task Starts()
        {
            await using var home = await AppHome.CreateAsync(AppHome.Sqlite);
        }
    }

    private sealed class OneHelper
    {
        [Fact]
        public Task Starts_by_a_helper() => RunAsync();

        private static async Task RunAsync() => await (await TestApp.StartAsync("nowhere")).DisposeAsync();
    }

    private sealed class OneRow
    {
        [Theory]
        [InlineData(AppHome.Sqlite)]
        public async Task Starts(string database)
        {
            await using var home = await AppHome.CreateAsync(database);
        }
    }

    private sealed class OneFixture(SqliteMessaging fixture)
    {
        [Fact]
        public void Uses() => fixture.App.ShouldNotBeNull();
    }

    private abstract class Alone(MessagingFixture fixture)
    {
        [Fact]
        public void Uses() => fixture.App.ShouldNotBeNull();
    }

    private sealed class SqliteAlone(SqliteMessaging fixture) : Alone(fixture);

    private sealed class BothRows
    {
        [Theory]
        [InlineData(AppHome.Sqlite, 1)]
        [InlineData(AppHome.PostgreSql, 1)]
        public async Task Starts(string database, int times)
        {
            for (var i = 0; i < times; i++)
            {
                await using var home = await AppHome.CreateAsync(database);
            }
        }
    }

    private sealed class BothMembers
    {
        public static TheoryData<string> Names => [AppHome.Sqlite, AppHome.PostgreSql];

        [Theory]
        [MemberData(nameof(Names))]
        public async Task Starts(string database)
        {
            await using var home = await AppHome.CreateAsync(database);
        }
    }

    private sealed class NoApplication
    {
        [Fact]
        public void Uses() => Databases.Length.ShouldBe(2);
    }
#pragma warning restore xUnit1000, xUnit1041
}
