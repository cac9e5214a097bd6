namespace Resilience.Cleanup;

/// <summary>A registration. Ids rise from old to new, so that a handle finds its step by binary search in an array that stays compact.</summary>
internal readonly record struct Step(long Id, StepInvoker? Invoker, object? Target, object? State, string? Name)
{
    public bool IsEmpty => Invoker is null;

    /// <summary>The name for reports and logs; made only for a failure.</summary>
    public string DisplayName => Name ?? Target switch
    {
        Delegate d => $"{d.Method.DeclaringType?.Name}.{d.Method.Name}",
        Membership => "RemoveFrom",
        null => "(step)",
        var target => target.GetType().Name,
    };
}
