// SPDX-License-Identifier: MIT
#include "tests/fakes/tls_identity.hpp"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace haingest::fakes {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free>>;

constexpr long k_day = 24L * 60 * 60;

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  check(extension != nullptr, value.c_str());
  check(X509_add_ext(certificate, extension.get(), -1) == 1, "X509_add_ext");
}

Certificate make_certificate(const Key& key, const char* name, long serial, long days) {
  Certificate certificate(X509_new());
  check(certificate != nullptr, "X509_new");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -30 * k_day);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), days * k_day);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return certificate;
}

std::string alternative_names(const std::vector<std::string>& host_names) {
  std::string out;
  for (const std::string& name : host_names) {
    unsigned char ignored[16];
    const bool address = inet_pton(AF_INET, name.c_str(), ignored) == 1 ||
                         inet_pton(AF_INET6, name.c_str(), ignored) == 1;
    out += (out.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return out;
}

template <class Write>
std::string pem_of(Write write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  check(memory != nullptr && write(memory.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

TlsIdentity make_tls_identity(const std::vector<std::string>& host_names, bool expired) {
  const Key ca_key(EVP_EC_gen("P-256"));
  const Key key(EVP_EC_gen("P-256"));
  check(ca_key && key, "EVP_EC_gen");
  const Certificate ca = make_certificate(ca_key, "haingest test CA", 1, 365);
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  check(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0, "X509_sign");

  const Certificate own =
      make_certificate(key, "haingest test Home Assistant", 2, expired ? -1 : 365);
  X509_set_issuer_name(own.get(), X509_get_subject_name(ca.get()));
  add_extension(own.get(), ca.get(), NID_basic_constraints, "CA:FALSE");
  add_extension(own.get(), ca.get(), NID_ext_key_usage, "serverAuth");
  add_extension(own.get(), ca.get(), NID_authority_key_identifier, "keyid");
  add_extension(own.get(), ca.get(), NID_subject_alt_name, alternative_names(host_names));
  check(X509_sign(own.get(), ca_key.get(), EVP_sha256()) > 0, "X509_sign");

  TlsIdentity identity;
  identity.ca_pem = pem_of([&](BIO* out) { return PEM_write_bio_X509(out, ca.get()); });
  identity.certificate_pem = pem_of([&](BIO* out) { return PEM_write_bio_X509(out, own.get()); });
  identity.key_pem = pem_of([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return identity;
}

}  // namespace haingest::fakes
