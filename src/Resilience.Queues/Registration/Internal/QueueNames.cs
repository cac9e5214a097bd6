namespace Resilience.Queues;

/// <summary>Names become keys of Redis and tags of metrics, so they are plain.</summary>
internal static class QueueNames
{
    public static void Validate(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (name.Length > 64 || name.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_')))
        {
            throw new ArgumentException($"The name '{name}' is not permitted; use 1 to 64 letters, digits, dots, dashes and underscores.", parameter);
        }
    }
}
