using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Resilience.Queues.Redis.Tests.Unit;

/// <summary>
/// The package as users get it is compiled against a client that is not run here. Every member that it refers to must be in the metadata of that client.
/// </summary>
public sealed class PublishedClientTests
{
    private const string Client = "StackExchange.Redis";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "published");

    [Fact]
    public void Every_member_reference_of_the_published_build_is_in_the_published_client()
    {
        using var package = new PEReader(File.OpenRead(Path.Combine(Folder, "Resilience.Queues.Redis.dll")));
        using var client = new PEReader(File.OpenRead(Path.Combine(Folder, Client + ".dll")));
        var references = References(package.GetMetadataReader()).ToHashSet(StringComparer.Ordinal);
        var definitions = Definitions(client.GetMetadataReader()).ToHashSet(StringComparer.Ordinal);

        references.Count.ShouldBeGreaterThan(10);
        references.Except(definitions).ShouldBeEmpty();
    }

    [Fact]
    public void The_published_build_refers_to_the_published_client()
    {
        using var package = new PEReader(File.OpenRead(Path.Combine(Folder, "Resilience.Queues.Redis.dll")));
        using var client = new PEReader(File.OpenRead(Path.Combine(Folder, Client + ".dll")));
        var reader = package.GetMetadataReader();
        var reference = reader.AssemblyReferences.Select(reader.GetAssemblyReference).Single(one => reader.GetString(one.Name) == Client);

        reference.Version.ShouldBe(client.GetMetadataReader().GetAssemblyDefinition().Version);
        reference.PublicKeyOrToken.IsNil.ShouldBeFalse();
        typeof(StackExchange.Redis.IDatabase).Assembly.GetName().Version!.Major.ShouldBe(1);
    }

    /// <summary>Members and types of the client that the package names.</summary>
    private static IEnumerable<string> References(MetadataReader reader)
    {
        var names = new SignatureNames(reader);
        foreach (var handle in reader.TypeReferences)
        {
            var type = reader.GetTypeReference(handle);
            if (names.IsOf(type, Client))
            {
                yield return names.NameOf(type);
            }
        }

        foreach (var handle in reader.MemberReferences)
        {
            var member = reader.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference)
            {
                var type = reader.GetTypeReference((TypeReferenceHandle)member.Parent);
                if (names.IsOf(type, Client))
                {
                    yield return $"{names.NameOf(type)}::{reader.GetString(member.Name)}{Signature(member, names)}";
                }
            }
        }
    }

    private static string Signature(MemberReference member, SignatureNames names) => member.GetKind() == MemberReferenceKind.Field
        ? " " + member.DecodeFieldSignature(names, null)
        : SignatureNames.Text(member.DecodeMethodSignature(names, null));

    private static IEnumerable<string> Definitions(MetadataReader reader)
    {
        var names = new SignatureNames(reader);
        foreach (var handle in reader.TypeDefinitions)
        {
            var type = reader.GetTypeDefinition(handle);
            var name = names.NameOf(type);
            yield return name;
            foreach (var method in type.GetMethods().Select(reader.GetMethodDefinition))
            {
                yield return $"{name}::{reader.GetString(method.Name)}{SignatureNames.Text(method.DecodeSignature(names, null))}";
            }

            foreach (var field in type.GetFields().Select(reader.GetFieldDefinition))
            {
                yield return $"{name}::{reader.GetString(field.Name)} {field.DecodeSignature(names, null)}";
            }
        }
    }
}
