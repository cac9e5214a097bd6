using Resilience.Benchmarks;
using Resilience.LoadTests;

var tests = typeof(Program).Assembly.GetTypes()
    .Where(static type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(ILoadTest)))
    .OrderBy(static type => type.Name, StringComparer.Ordinal)
    .ToArray();

if (args is not [var name])
{
    Array.ForEach(tests, static type => Console.WriteLine(type.Name));
    return 0;
}

var chosen = Array.Find(tests, type => string.Equals(type.Name, name, StringComparison.OrdinalIgnoreCase));
if (chosen is null)
{
    return 2;
}

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupted.Cancel();
};

var test = (ILoadTest)Activator.CreateInstance(chosen)!;
var result = await test.RunAsync(interrupted.Token);
ResultFolder.Write(chosen.Name, test.Question, result.Notes, result.Rows);
return result.Rows.Count == 0 ? 1 : 0;
