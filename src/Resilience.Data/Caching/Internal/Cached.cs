namespace Resilience.Data;

/// <summary>A loaded value as it may be handed out: the one object when its type is immutable, else bytes for a copy each.</summary>
internal readonly struct Cached<T>
{
    private readonly T? _value;
    private readonly byte[]? _bytes;
    private readonly CacheCodec<T>? _codec;

    private Cached(T? value, byte[]? bytes, CacheCodec<T>? codec, bool isMissing)
    {
        _value = value;
        _bytes = bytes;
        _codec = codec;
        IsMissing = isMissing;
    }

    /// <summary>Whether there is no value: nothing was found, or null.</summary>
    public bool IsMissing { get; }

    public static Cached<T> Missing => new(default, null, null, true);

    public static Cached<T> Of(T? value, CacheCodec<T> codec) =>
        value is null ? Missing : CacheCodec<T>.IsImmutable ? new Cached<T>(value, null, null, false) : new Cached<T>(default, codec.Serialize(value), codec, false);

    public static Cached<T> OfBytes(byte[] bytes, CacheCodec<T> codec) =>
        CacheCodec<T>.IsImmutable ? new Cached<T>(codec.Deserialize(bytes), null, null, false) : new Cached<T>(default, bytes, codec, false);

    public T? Get() => _codec is null ? _value : _codec.Deserialize(_bytes!);

    /// <summary>The bytes for the shared level.</summary>
    public byte[] Bytes(CacheCodec<T> codec) => _bytes ?? codec.Serialize(_value!);
}
