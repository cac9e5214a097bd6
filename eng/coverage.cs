#:property PublishAot=false
// Merges the Cobertura reports of all test projects (a line counts as covered when any of them hit it), prints line coverage per package,
// and fails when a package that has code is below the threshold.
//   dotnet run eng/coverage.cs -- RESULTS-FOLDER THRESHOLD
using System.Globalization;
using System.Xml.Linq;

var threshold = double.Parse(args[1], CultureInfo.InvariantCulture);
var packages = new SortedDictionary<string, Dictionary<(string File, int Line), bool>>(StringComparer.Ordinal);

foreach (var report in Directory.EnumerateFiles(args[0], "coverage.cobertura.xml", SearchOption.AllDirectories))
{
    foreach (var package in XDocument.Load(report).Descendants("package"))
    {
        var name = package.Attribute("name")!.Value;
        if (!packages.TryGetValue(name, out var lines))
        {
            packages[name] = lines = [];
        }

        foreach (var type in package.Descendants("class"))
        {
            var file = Path.GetFileName(type.Attribute("filename")!.Value) + "|" + type.Attribute("name")!.Value.Split('/')[0];
            foreach (var line in type.Descendants("line"))
            {
                var key = (file, int.Parse(line.Attribute("number")!.Value, CultureInfo.InvariantCulture));
                var hit = line.Attribute("hits")!.Value != "0";
                lines[key] = hit || lines.GetValueOrDefault(key);
            }
        }
    }
}

if (packages.Count == 0)
{
    Console.Error.WriteLine("No coverage report was found.");
    return 1;
}

// A package that the collector could not instrument would otherwise pass unseen.
var low = 0;
foreach (var folder in Directory.EnumerateDirectories("src").Where(static folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Count() > 5))
{
    if (!packages.ContainsKey(Path.GetFileName(folder)) && Path.GetFileName(folder) != "Shared")
    {
        low++;
        Console.WriteLine($"{Path.GetFileName(folder),-28} no coverage was collected");
    }
}

foreach (var (name, lines) in packages)
{
    var covered = lines.Values.Count(hit => hit);
    var percent = lines.Count == 0 ? 100 : 100.0 * covered / lines.Count;
    // A package that is not filled yet holds shared source only.
    var enough = percent >= threshold || lines.Count < 100;
    low += enough ? 0 : 1;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28} {percent,6:0.0} % of {lines.Count,5} lines{(enough ? "" : "   BELOW " + threshold + " %")}"));
}

return low == 0 ? 0 : 1;
