using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Resilience.TestKit.Metadata.Internal;

namespace Resilience.TestKit;

/// <summary>
/// What an assembly defines and what it uses of another one, read from its metadata alone: neither is loaded, so that a build against a dependency that cannot be run
/// here can be checked all the same. Members are written as text, in one way for definitions and references. Not thread-safe.
/// </summary>
public sealed class AssemblyMetadata : IDisposable
{
    private readonly PEReader _file;
    private readonly MetadataReader _reader;
    private readonly SignatureNames _names;

    /// <summary>Reads an assembly.</summary>
    /// <param name="content">The file; owned from now on.</param>
    public AssemblyMetadata(Stream content)
    {
        _file = new PEReader(content, PEStreamOptions.PrefetchEntireImage);
        _reader = _file.GetMetadataReader();
        _names = new SignatureNames(_reader);
    }

    /// <summary>The name, version and key of the assembly.</summary>
    public AssemblyName Name => _reader.GetAssemblyDefinition().GetAssemblyName();

    /// <summary>Reads an assembly.</summary>
    /// <param name="path">The file.</param>
    public static AssemblyMetadata Open(string path) => new(File.OpenRead(path));

    /// <summary>The reference to an assembly as it was compiled in; null when there is none.</summary>
    /// <param name="assembly">The simple name.</param>
    public AssemblyName? ReferenceTo(string assembly) =>
        _reader.AssemblyReferences.Select(_reader.GetAssemblyReference).Select(static one => one.GetAssemblyName()).SingleOrDefault(one => one.Name == assembly);

    /// <summary>Types and members of another assembly that this one names.</summary>
    /// <param name="assembly">The simple name.</param>
    public IReadOnlySet<string> UsedOf(string assembly)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in _reader.TypeReferences.Select(_reader.GetTypeReference).Where(type => _names.IsOf(type, assembly)))
        {
            used.Add(_names.NameOf(type));
        }

        foreach (var member in _reader.MemberReferences.Select(_reader.GetMemberReference))
        {
            if (OwnerOf(member) is { } owner && _names.IsOf(owner, assembly))
            {
                used.Add($"{_names.NameOf(owner)}::{_reader.GetString(member.Name)}{Signature(member)}");
            }
        }

        return used;
    }

    /// <summary>Types, methods and fields that this assembly defines.</summary>
    public IReadOnlySet<string> Defined()
    {
        var defined = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in _reader.TypeDefinitions.Select(_reader.GetTypeDefinition))
        {
            var name = _names.NameOf(type);
            defined.Add(name);
            defined.UnionWith(type.GetMethods().Select(_reader.GetMethodDefinition)
                .Select(method => $"{name}::{_reader.GetString(method.Name)}{SignatureNames.Text(method.DecodeSignature(_names, null))}"));
            defined.UnionWith(type.GetFields().Select(_reader.GetFieldDefinition)
                .Select(field => $"{name}::{_reader.GetString(field.Name)} {field.DecodeSignature(_names, null)}"));
        }

        return defined;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The type that a member belongs to, that of a constructed generic type included.</summary>
    private TypeReference? OwnerOf(MemberReference member) => member.Parent.Kind switch
    {
        HandleKind.TypeReference => _reader.GetTypeReference((TypeReferenceHandle)member.Parent),
        HandleKind.TypeSpecification => GenericOwner(_reader.GetTypeSpecification((TypeSpecificationHandle)member.Parent)),
        _ => null,
    };

    private TypeReference? GenericOwner(TypeSpecification specification)
    {
        var blob = _reader.GetBlobReader(specification.Signature);
        if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
        {
            return null;
        }

        blob.ReadCompressedInteger();
        var handle = blob.ReadTypeHandle();
        return handle.Kind == HandleKind.TypeReference ? _reader.GetTypeReference((TypeReferenceHandle)handle) : null;
    }

    private string Signature(MemberReference member) => member.GetKind() == MemberReferenceKind.Field
        ? " " + member.DecodeFieldSignature(_names, null)
        : SignatureNames.Text(member.DecodeMethodSignature(_names, null));
}
