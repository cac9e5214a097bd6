using System.Reflection;

namespace Resilience.Data.Redis.Tests.Support;

/// <summary>A client whose calls a test answers. What nobody answers gives the default of its type, or a task that is done.</summary>
public class ScriptedClient : DispatchProxy
{
    private readonly List<string> _calls = [];
    private Func<string, object?[], object?> _answer = static (_, _) => null;

    /// <summary>The names of the methods that were called, in order.</summary>
    internal IReadOnlyList<string> Calls
    {
        get
        {
            lock (_calls)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>Makes one that knows its calls.</summary>
    internal static (T Client, ScriptedClient Script) Create<T>(Func<string, object?[], object?> answer)
        where T : class
    {
        var client = Create<T, ScriptedClient>();
        var script = (ScriptedClient)(object)client;
        script._answer = answer;
        return (client, script);
    }

    /// <inheritdoc />
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var answer = _answer(targetMethod!.Name, args ?? []);
        lock (_calls)
        {
            _calls.Add(targetMethod.Name);
        }

        return answer ?? (targetMethod.ReturnType == typeof(Task) ? Task.CompletedTask
            : targetMethod.ReturnType.IsValueType && targetMethod.ReturnType != typeof(void) ? Activator.CreateInstance(targetMethod.ReturnType) : null);
    }
}
