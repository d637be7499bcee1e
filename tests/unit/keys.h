/*
 * Public keys for the tests; made with openssl for them, no private half is kept anywhere.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEST_KEYS_H
#define VD_TEST_KEYS_H

#define KEY_RSA_512                                                                                \
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAM6jEP+elAOAdjj1zGAd1zNKh2MvIW7Zkb4m96jb1kiPk8Gd"             \
    "kKgupdE+TJxLiBLTboBGsHXEU9PqrNdbAmjvLzsCAwEAAQ=="

#define KEY_RSA_1024                                                                               \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC5+J36KLqo6/iYlwlB+KmH4/rGcTgpttuMpvFbCiLc"             \
    "+AjxitSeVgXnn/f7+oK/7S/rDntyCOVhUhYszCh1M+eMy+GSCFGmWSPMU6JcJnHUMmDfQklDFfQeXWcR"             \
    "a46dLS999NA0yAHxXRXNZYHCyJWjevaKpdKc4zMm+zUbvZoT4wIDAQAB"

#define KEY_RSA_2048                                                                               \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxTazNPWJmkiPdxY6g9Cls3CfbqAKNLWo9NWN"             \
    "jvzAf3h68WYjlfGf7FSiVOr8DJtzjZosQM9mbIpaohZ5LhVhbKdjV2t0eJ0+R+BO+VK7082V6vEpORGV"             \
    "SdVuCXy0e/X8hlTSuvFEa+SxIXu1dsf7J6WIrUoee+j7sbN1xtEwhFRHNKKEcaSNEWE6etdlJ5J241aO"             \
    "zIxPm66GSl1T+rnGW4SaqlGZqmhYPHbnhgPVfcPu3FQq6DULz4k7B1mDWvIlIbmyPCD/HYUp0KqEzUf+"             \
    "hlA4BethCzTOQ26Bs7v6smFuU/dVpEcsftdzvypkX1HAYzZAAn2heKqjjQn/eRNFuQIDAQAB"

#define KEY_RSA_4096                                                                               \
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAqPAyvA/nvcTKCJi5GNqKc5EaDVsKfOfYYMD3"             \
    "jeL4Pas3DJ1A8I4JmYqg0z8Gv7wrJnuVdbws5IGV6l3H78oAS+hvBAG/p9dzVF4MSKp3lO+aJwqwsD8T"             \
    "SbhPPy/W0vcCKb92DY/QqWstiCEGKTfENVEvqTBg7oduecTCYlQCi5PwTZP5n4nLtGQixbtu5Ctt0UiW"             \
    "0L6TRoSWXlLoTfKlKHd5Cj25qXb5jBZ0xCdFa6fZwnXU7/R4mKHToUCeeVc4hSJP6hdKplI/0mdZpdzE"             \
    "RRKuT0ZS0VplGcuGoIp2RUjz/7I3jreKASK0dtWNC8HGyhyO+21WcD/u6OnZ383Q1EjqFaDr/FL7YVHm"             \
    "UyIGOpLkc5rWHL1PCOY6Nb/bfI0a+4rTvHEpgvnir8VLE0SAQTui1N2B9wB8At+qjvZSP6Wlr2PVbvjV"             \
    "Wl8UDu248LjVqy4PrrhjmvjWBUOXi8yw3aMPntaNbVzLH/OyXJXGIzS3WCD4sJdddMQ3Fai/+fd8HdYd"             \
    "VxYrnoG76TaLs3XnFrOsl1z+TrsZJIi2ZdHXE9APg7+gm/0I0wzPruMmBJmGF+V6cz8mN9JVIdcdbYIe"             \
    "IES4ZNDrV5pxCQxBpnyBpd9Wn0Qyp1VNOnu52dedQBPM3XvjrJGLoPzpeTqvgRb/w+rbdpWJndF40MJj"             \
    "QGWIdXECAwEAAQ=="

/* Another key of the same size. */
#define KEY_RSA_2048_OTHER                                                                         \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAp6v/Jp0IqtOp36suPz5qlH1m0d/vtAIHGfsl"             \
    "d94AvqCFmO6FT2Mve1DVzNitqfn7uoVrs8cAQkf1HvTRmEMLkm3nLkITQU5fDJTrCLvHNhDwt2rx98tE"             \
    "7UHVmuPk5kBtg/dvpw9dX8yOMslEcPmZ6s61VHfXt2jUa8orpGtLZrozLfWlZMVk7tAcIMo5NGNoA4r2"             \
    "pFuG0njhWmelcSFb6+WMJw7EOREtbU3p/99hV2rZGOZkFLMa152Pqp6lVVSVWVgh+6isRbWB4jIEv9bD"             \
    "sXf/PeDWi8XgWWhHWGedN0sM3revMfQtf0bvcJb6GejPo4vVilpD1Aw2V5SMfRqkMQIDAQAB"

/* RSAPublicKey without SubjectPublicKeyInfo around it. */
#define KEY_RSA_1024_BARE                                                                          \
    "MIGJAoGBALn4nfoouqjr+JiXCUH4qYfj+sZxOCm224ym8VsKItz4CPGK1J5WBeef9/v6gr/tL+sOe3II"             \
    "5WFSFizMKHUz54zL4ZIIUaZZI8xTolwmcdQyYN9CSUMV9B5dZxFrjp0tL3300DTIAfFdFc1lgcLIlaN6"             \
    "9oql0pzjMyb7NRu9mhPjAgMBAAE="

/* RSAPublicKey without SubjectPublicKeyInfo around it. */
#define KEY_RSA_2048_BARE                                                                          \
    "MIIBCgKCAQEAxTazNPWJmkiPdxY6g9Cls3CfbqAKNLWo9NWNjvzAf3h68WYjlfGf7FSiVOr8DJtzjZos"             \
    "QM9mbIpaohZ5LhVhbKdjV2t0eJ0+R+BO+VK7082V6vEpORGVSdVuCXy0e/X8hlTSuvFEa+SxIXu1dsf7"             \
    "J6WIrUoee+j7sbN1xtEwhFRHNKKEcaSNEWE6etdlJ5J241aOzIxPm66GSl1T+rnGW4SaqlGZqmhYPHbn"             \
    "hgPVfcPu3FQq6DULz4k7B1mDWvIlIbmyPCD/HYUp0KqEzUf+hlA4BethCzTOQ26Bs7v6smFuU/dVpEcs"             \
    "ftdzvypkX1HAYzZAAn2heKqjjQn/eRNFuQIDAQAB"

/* 32 raw octets; then the same as SubjectPublicKeyInfo, which DKIM does not take. */
#define KEY_ED25519      "ktvbWjEuqK9vhb9dbnc0L/i97hCM3Jl4OCgGkKdX+W4="
#define KEY_ED25519_SPKI "MCowBQYDK2VwAyEAktvbWjEuqK9vhb9dbnc0L/i97hCM3Jl4OCgGkKdX+W4="

/* An elliptic curve key: DER, but not RSA. */
#define KEY_P256                                                                                   \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ5joiHQ22gTghODLj3X5lcoD4n7gxei3BeCbsjBCPvAX"             \
    "f6qywefo7RCLvPRV1Q9wNvUdwsSgYHjgl9JjUS+mDQ=="

#endif
